"""Refusals: true, with the numbers, and with commands that work as they stand."""

import shlex

import pytest

from farthing.budgets.refusals import RETRY_SECONDS, called, declined
from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.hold import Declined

DOLLAR = 10**9
GATE = "openai/gpt-4o-mini"


def standing(unit=Unit.USD, *, limit=DOLLAR, posted=0, held=0, unknown=0, needed=0, **more):
    key = AccountKey("support, monthly", more.pop("value", ""), unit, more.pop("window", "lifetime"))
    return Standing(key, limit, posted, held, unknown, needed, more.pop("closes_ms", 0))


def refusal(code="budget_exceeded", **more):
    return declined(Declined(code, standing(**more)), GATE)


def test_a_budget_that_is_spent_says_how_far_and_how_much_more_the_call_needs():
    said = refusal(posted=4 * 10**8, held=10**8, needed=9 * 10**8)
    assert said.code == "budget_exceeded"
    assert said.status == 402
    assert said.retry_after_seconds is None
    assert said.message == (
        "the budget 'support, monthly' cannot pay for this call: it needs at least 0.9 USD, and 0.4 of 1 USD are spent "
        "(0.1 more are held by calls in flight)"
    )


def test_what_is_not_yet_known_counts_as_spent_and_is_said_apart():
    said = refusal(posted=4 * 10**8, unknown=2 * 10**8, needed=9 * 10**8)
    assert "0.6 of 1 USD are spent (0.2 of it by calls whose cost is not known yet)" in said.message


def test_counts_have_their_own_words():
    assert (
        "it needs at least 300 input tokens, and 900 of 1000 input tokens are spent"
        in refusal(unit=Unit.INPUT_TOKENS, limit=1_000, posted=900, needed=300).message
    )
    assert "1 call, and 5 of 5 calls are spent" in refusal(unit=Unit.CALLS, limit=5, posted=5, needed=1).message


@pytest.mark.parametrize(
    ("more", "command"),
    [
        ({}, ["farthing", "budgets", "raise", "support, monthly", "AMOUNT"]),
        (
            {"value": "ann o'hara"},
            ["farthing", "budgets", "raise", "support, monthly", "AMOUNT", "--value", "ann o'hara"],
        ),
        ({"window": "run:abc"}, ["farthing", "budgets", "raise", "support, monthly", "AMOUNT", "--run", "abc"]),
    ],
)
def test_the_command_that_raises_the_budget_can_be_typed_as_it_stands(more, command):
    shown = refusal(**more).what_to_do.split("`")[1]
    assert shlex.split(shown) == command


def test_only_a_window_that_turns_is_worth_waiting_for():
    assert "wait for its next window" in refusal(closes_ms=1).what_to_do
    assert "window" not in refusal().what_to_do


def test_whose_budget_it_is_stands_in_the_message():
    assert "the budget 'support, monthly' of ann" in refusal(value="ann").message


def test_money_that_is_only_held_is_no_lack_of_money():
    said = refusal("budget_reserved", posted=10**8, held=8 * 10**8, needed=2 * 10**8)
    assert said.code == "budget_reserved"
    assert said.retry_after_seconds == RETRY_SECONDS
    assert "calls in flight hold it" in said.message
    assert "0.8" in said.message


@pytest.mark.parametrize("limit", [DOLLAR, None])
def test_a_call_that_stood_behind_others_is_not_told_that_this_budget_is_held(limit):
    said = refusal("budget_reserved", limit=limit, posted=10**8, needed=2 * 10**8)
    assert "came first" in said.message
    assert "hold it" not in said.message
    assert "None" not in said.message


def test_a_provider_that_broke_its_cap_is_named_with_the_way_back():
    said = refusal("provider_overran")
    assert said.code == "provider_overran"
    assert GATE in said.message
    assert [shlex.split(part)[0] for part in said.what_to_do.split("`")[1::2]] == ["farthing", "farthing"]
    assert f"farthing budgets acknowledge {GATE}" in said.what_to_do


def test_a_models_odd_name_is_quoted_in_the_command():
    said = declined(Declined("provider_overran", None), "p/a b; rm -r x")
    assert shlex.split(said.what_to_do.split("`")[3])[-1] == "p/a b; rm -r x"


@pytest.mark.parametrize(
    ("unit", "option"), [(Unit.USD, "--budget"), (Unit.TOKENS, "--tokens"), (Unit.CALLS, "--calls")]
)
def test_the_budget_of_a_command_is_raised_where_the_command_was_given_it(unit, option):
    key = AccountKey("farthing run run-7", "", unit, "lifetime")
    said = declined(Declined("budget_exceeded", Standing(key, 1, 1, 0, 0, 1, 0)), GATE)
    assert said.what_to_do.startswith(f"start it again with a higher `{option}`")
    assert "farthing budgets raise" not in said.what_to_do


def test_a_tool_is_not_told_to_send_less():
    key = AccountKey("run.1 triage-9bf1804ab767", "", Unit.USD, "lifetime")
    said = declined(Declined("budget_exceeded", Standing(key, 1, 1, 0, 0, 1, 0)), "tool/search")
    assert said.what_to_do == "give its `farthing.budget(…)` a higher limit"
    assert said.message.startswith("the budget 'triage-9bf1804ab767' cannot pay")


@pytest.mark.parametrize("name", ["support, monthly", "run nightly", "run of the mill", "farthing run run-7"])
def test_only_a_block_s_budget_is_called_otherwise_than_its_account(name):
    assert called(name) == name


def test_who_may_make_one_more_call_is_not_told_to_make_a_smaller_one():
    said = refusal(unit=Unit.CALLS, limit=2, posted=2, needed=1)
    assert "needs at least 1 call, and 2 of 2 calls are spent" in said.message
    assert "smaller" not in said.what_to_do
    assert refusal(posted=DOLLAR, needed=1).what_to_do.endswith(", or send a smaller request")
