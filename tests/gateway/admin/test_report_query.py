"""What a report is asked for: every mistake names its parameter."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.gateway.admin.report_query import Spanned, groups_of, span_of, where_of

NOW = 1_795_305_600_000  # 2026-11-22T00:00Z


def test_groups_are_names_in_their_order():
    assert groups_of("team, model") == ("team", "model")
    assert groups_of("", least=0) == ()


@pytest.mark.parametrize("text", ["", "a,a", "a,b,c,d,e,f,g", "Team", "team'--"])
def test_what_names_no_groups_is_refused(text):
    with pytest.raises(BadRequest) as refused:
        groups_of(text)
    assert refused.value.field == "by"


def test_a_span_ends_now_if_nobody_says_otherwise():
    assert span_of(Spanned(since="1h"), NOW) == (NOW - 3_600_000, NOW + 1)
    named = Spanned(since="2026-11-20T00:00:00Z", until="2026-11-21T00:00:00+00:00")
    assert span_of(named, NOW) == (NOW - 2 * 86_400_000, NOW - 86_400_000)


@pytest.mark.parametrize(("since", "until", "field"), [("soon", "", "since"), ("7d", "2026-11-20", "until")])
def test_what_is_no_time_is_refused(since, until, field):
    with pytest.raises(BadRequest) as refused:
        span_of(Spanned(since=since, until=until), NOW)
    assert refused.value.field == field


def test_filters_are_sorted_by_name():
    assert where_of({"team": ""}) == (("team", ""),)
    assert where_of({"team": "a", "agent": "b"}) == (("agent", "b"), ("team", "a"))


@pytest.mark.parametrize("label", [{"Team": "a"}, {"team": "x" * 200}, {"team": "a\nb"}])
def test_a_label_that_cannot_be_is_refused(label):
    with pytest.raises(BadRequest) as refused:
        where_of(label)
    assert refused.value.field.startswith("label.")
