"""What stands between the brackets of `farthing.budget(…)`."""

from decimal import Decimal

import pytest

from farthing.domain.budget import Unit
from farthing.sdk.errors import Misused
from farthing.sdk.terms import labels_of, terms


@pytest.mark.parametrize("limit", ["$2", "$ 2", "2", "2 USD", Decimal(2), Decimal("2.000000000")])
def test_an_amount_is_a_text_as_in_the_file(limit):
    budget = terms(limit, {"tokens": 10, "calls": 3}, None, {}).budget("run")
    assert dict(budget.limits) == {Unit.USD: 2 * 10**9, Unit.TOKENS: 10, Unit.CALLS: 3}
    assert budget.match[0][0] == "run"
    assert budget.source == "store"


@pytest.mark.parametrize(
    ("limit", "given", "name", "labels", "word"),
    [
        (2.5, {}, None, {}, "float"),
        (2, {}, None, {}, "in quotes, like '\\$0.50', not 2$"),
        ("much", {}, None, {}, "limit 'much' is not an amount"),
        ("$-2", {}, None, {}, r"limit '\$-2' is not"),
        ("2 EUR", {}, None, {}, "in EUR"),
        (Decimal(1) / 3, {}, None, {}, "nano-dollar"),
        (Decimal("NaN"), {}, None, {}, "NaN"),
        ("$1", {"per_call": 1}, None, {}, "per_call must be an amount"),
        ("$1", {"calls": -1}, None, {}, "calls"),
        ("$1", {"window": "day"}, None, {}, "name"),
        ("$1", {"window": "fortnight"}, "x", {}, "window"),
        ("$1", {}, "a,b", {}, "comma"),
        ("$1", {}, "", {}, "name"),
        ("$1", {}, None, {"run": "x"}, 'name="…" instead of run'),
        ("$1", {}, None, {"hard": "off"}, "no 'hard'"),
        ("$1", {}, None, {"run.1": "x"}, "run"),
        ("$1", {}, None, {"Team": "x"}, "Team"),
        ("$1", {}, None, {"team": " x"}, "space"),
        ("$1", {}, None, {"team": 3}, "text"),
    ],
)
def test_what_cannot_be_is_named(limit, given, name, labels, word):
    with pytest.raises(Misused, match=word):
        terms(limit, given, name, labels)


@pytest.mark.parametrize(
    ("label", "meant"),
    [("usd", "limit"), ("max_usd", "limit"), ("limits", "limit"), ("token", "tokens"), ("windw", "window")],
)
def test_a_setting_that_is_misspelt_is_not_taken_for_a_label_that_limits_nothing(label, meant):
    with pytest.raises(Misused, match=f"no '{label}'; did you mean '{meant}'"):
        terms(None, {}, None, {label: "2"})


@pytest.mark.parametrize("label", ["team", "user", "customer", "tenant", "caller", "waiter", "token_id", "store_id"])
def test_what_is_only_a_little_alike_is_a_label(label):
    assert terms("$1", {}, None, {label: "x"}).labels == ((label, "x"),)


def test_each_block_has_a_name_of_its_own_unless_it_keeps_its_window():
    first, second = (terms("$1", {}, "triage", {}).name for _ in range(2))
    assert first != second
    assert first.startswith("triage-")
    kept = terms("$1", {"window": "day"}, "nightly", {})
    assert kept.name == "nightly"
    assert kept.keeps


def test_labels_are_sorted():
    assert labels_of({"b": "1", "a": "2"}) == (("a", "2"), ("b", "1"))
