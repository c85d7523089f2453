"""What stands between the brackets of `farthing.budget(…)`."""

import pytest

from farthing.domain.budget import Unit
from farthing.sdk.errors import Misused
from farthing.sdk.terms import labels_of, terms


@pytest.mark.parametrize("limit", ["$2", "$ 2", "2", "2 USD"])
def test_an_amount_is_a_text_as_in_the_file(limit):
    budget = terms(limit, {"tokens": 10, "calls": 3}, None, {}).budget("run")
    assert dict(budget.limits) == {Unit.USD: 2 * 10**9, Unit.TOKENS: 10, Unit.CALLS: 3}
    assert budget.match[0][0] == "run"
    assert budget.source == "store"


@pytest.mark.parametrize(
    ("limit", "given", "name", "labels", "word"),
    [
        (2.5, {}, None, {}, "float"),
        ("much", {}, None, {}, "limit"),
        ("$1", {"calls": -1}, None, {}, "calls"),
        ("$1", {"window": "day"}, None, {}, "name"),
        ("$1", {"window": "fortnight"}, "x", {}, "window"),
        ("$1", {}, "a,b", {}, "comma"),
        ("$1", {}, "", {}, "name"),
        ("$1", {}, None, {"run": "x"}, "run"),
        ("$1", {}, None, {"hard": "off"}, "no 'hard'"),
        ("$1", {}, None, {"run.1": "x"}, "run"),
        ("$1", {}, None, {"Team": "x"}, "Team"),
        ("$1", {}, None, {"team": " x"}, "space"),
        ("$1", {}, None, {"team": 3}, "text"),
    ],
)
def test_what_cannot_be_is_named(limit, given, name, labels, word):
    with pytest.raises(Misused, match=word):
        terms(limit, given, name, labels).budget("run")


def test_each_block_has_a_name_of_its_own_unless_it_keeps_its_window():
    first, second = (terms("$1", {}, "triage", {}).name for _ in range(2))
    assert first != second
    assert first.startswith("triage-")
    kept = terms("$1", {"window": "day"}, "nightly", {})
    assert kept.name == "nightly"
    assert kept.keeps


def test_labels_are_sorted():
    assert labels_of({"b": "1", "a": "2"}) == (("a", "2"), ("b", "1"))
