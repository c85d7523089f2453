"""Amounts and windows as people type them."""

import click
import pytest

from farthing.cli.budgets.words import amount_from, budget_from, budget_settings, present
from farthing.domain.budget import Act, Budget, Threshold, Unit

MONEY = Budget(name="m", limits=((Unit.USD, 1),))
EUROS = Budget(name="e", limits=((Unit("eur"), 1),), money=Unit("eur"))
TOKENS = Budget(name="t", limits=((Unit.TOKENS, 1),))
BOTH = Budget(name="b", limits=((Unit.USD, 1), (Unit.CALLS, 1), (Unit.INPUT_TOKENS, 1)))


@pytest.mark.parametrize(
    ("text", "budget", "amount"),
    [
        ("$5", MONEY, (Unit.USD, 5_000_000_000)),
        ("5", MONEY, (Unit.USD, 5_000_000_000)),
        ("0.5 USD", BOTH, (Unit.USD, 500_000_000)),
        ("100_000", TOKENS, (Unit.TOKENS, 100_000)),
        ("100,000 tokens", TOKENS, (Unit.TOKENS, 100_000)),
        ("20 calls", BOTH, (Unit.CALLS, 20)),
        ("1 call", BOTH, (Unit.CALLS, 1)),
        ("7 input tokens", BOTH, (Unit.INPUT_TOKENS, 7)),
        ("5", BOTH, (Unit.USD, 5_000_000_000)),
        ("5 EUR", EUROS, (Unit("eur"), 5_000_000_000)),
        ("5", EUROS, (Unit("eur"), 5_000_000_000)),
    ],
)
def test_amounts_are_read_in_the_unit_they_name(text: str, budget: Budget, amount):
    assert amount_from(text, budget) == amount


@pytest.mark.parametrize(
    ("text", "budget", "said"),
    [
        ("five", MONEY, "not an amount"),
        ("5 EUR", MONEY, "does not limit eur"),
        ("$5", EUROS, "does not limit usd"),
        ("5 calls", MONEY, "does not limit calls"),
        ("$5", TOKENS, "does not limit usd"),
        ("0", TOKENS, "more than nothing"),
        ("-5", MONEY, "not an amount"),
    ],
)
def test_what_is_no_raise_is_refused(text: str, budget: Budget, said: str):
    with pytest.raises(click.UsageError, match=said):
        amount_from(text, budget)


def test_a_budget_of_the_command_line_is_a_stored_one():
    budget = budget_from("x", ("team=a",), (), {"calls": 3, "limit": None})
    assert (budget.source, budget.match, budget.limits) == ("store", (("team", "a"),), ((Unit.CALLS, 3),))


def test_thresholds_are_written_as_a_share_and_what_it_does():
    budget = budget_from("x", (), ("0.8=alert,shorten", "0.95=land"), {"calls": 3})
    assert budget.soft == (
        Threshold(800_000, (Act.ALERT, Act.SHORTEN)),
        Threshold(950_000, (Act.LAND,)),
    )


@pytest.mark.parametrize("soft", ["0.8", "0.8=", "eighty=alert", "2=alert", "0.8=explode"])
def test_what_is_no_threshold_is_refused(soft: str):
    with pytest.raises(click.UsageError):
        budget_from("x", (), (soft,), {"calls": 3})


def test_every_mistake_is_told_at_once():
    with pytest.raises(click.UsageError) as caught:
        budget_settings("x", {"window": "moon", "wait": "soon"})
    assert "--window" in caught.value.message
    assert "--wait" in caught.value.message


def test_a_runs_window_is_open_once_the_run_is_named():
    runs = Budget(name="r", limits=((Unit.USD, 1),), window="run")
    assert present(runs, 0) == ()
    assert [window.name for window in present(runs, 0, "x")] == ["run:x"]
    assert len(present(Budget(name="r", window="rolling:8h"), 10**12)) == 9
