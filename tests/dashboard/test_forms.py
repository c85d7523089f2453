"""What a browser sends is read strictly."""

import pytest

from farthing.dashboard.forms import MOST_FIELDS, QUERY_BYTES, Query, cookies_of, query_of
from farthing.domain.errors import BadRequest


def test_a_query_keeps_its_order_and_repetitions():
    query = query_of(b"by=team&by=model&where=user%3Aada&page=3")
    assert query.every("by") == ("team", "model")
    assert query.first("where") == "user:ada"
    assert query.first("none", "x") == "x"
    assert query.number("page", 0, 2) == 2
    assert query.number("by", 7, 9) == 7


def test_a_choice_is_one_of_those_there_are():
    assert query_of(b"order=cost").one_of("order", ("last", "cost")) == "cost"
    assert query_of(b"order=evil").one_of("order", ("last", "cost")) == "last"


def test_a_link_changes_what_it_means_to_and_nothing_else():
    query = Query((("by", "team"), ("sort", "cost"), ("page", "2"), ("since", "")))
    assert query.having(sort="calls", page=None) == "by=team&sort=calls"


@pytest.mark.parametrize(
    "raw", [b"a=%ff", b"a=1&" * (MOST_FIELDS + 1), b"a=" + b"x" * QUERY_BYTES, b"a=" + b"x" * 2_001, b"\xff=1"]
)
def test_what_cannot_be_read_is_refused(raw):
    with pytest.raises(BadRequest):
        query_of(raw)


def test_zero_bytes_are_dropped():
    assert query_of(b"a=x%00y").first("a") == "xy"


def test_cookies_are_read_and_nonsense_is_none():
    assert cookies_of({b"cookie": b"farthing_4141=abc; farthing_theme=dark"}) == {
        "farthing_4141": "abc",
        "farthing_theme": "dark",
    }
    assert cookies_of({}) == {}
    assert cookies_of({b"cookie": b"\xff;=;=="}) == {}
