"""Refusals read from their bodies, in either dialect."""

from decimal import Decimal

import pytest

from farthing.sdk.errors import BudgetExceeded, NoBudget, Refused, code_in, describe, kind_of, message_in

TOLD = {
    "budget": "run x",
    "unit": "usd",
    "limit": "1",
    "spent": "0.5",
    "reserved": "0",
    "needed": "0.6",
    "resets_at": None,
}


@pytest.mark.parametrize(
    "body",
    [
        {"code": "budget_exceeded", "farthing": TOLD},
        {"error": {"code": "budget_exceeded", "farthing": TOLD}},
        {"type": "error", "error": {"type": "billing_error"}, "farthing": {**TOLD, "code": "budget_exceeded"}},
    ],
)
def test_the_numbers_of_a_refusal_are_read(body):
    assert code_in(body) == "budget_exceeded"
    error = BudgetExceeded("no")
    assert describe(error, body)
    assert (error.budget, error.limit, error.needed) == ("run x", Decimal(1), Decimal("0.6"))


@pytest.mark.parametrize("body", [None, "text", {}, {"error": "x"}, {"error": {"code": "budget_exceeded"}}])
def test_an_error_of_the_providers_is_none_of_ours(body):
    assert code_in(body) == ""
    assert not describe(Refused("x"), body)


def test_a_code_has_its_exception():
    assert kind_of("budget_reserved") is BudgetExceeded
    assert kind_of("no_budget") is NoBudget
    assert kind_of("suspended") is Refused


def test_a_budget_of_a_block_is_called_as_the_block_calls_itself():
    error = BudgetExceeded("no")
    told = {**TOLD, "budget": "run.1 triage-9bf1804ab767"}
    assert describe(error, {"code": "budget_exceeded", "farthing": told})
    assert error.budget == "triage-9bf1804ab767"


@pytest.mark.parametrize("body", [{"message": "why"}, {"error": {"message": "why"}}])
def test_the_words_are_the_refusal_s_own(body):
    assert message_in(body) == "why"
    assert message_in("why") == message_in({"error": "why"}) == ""
