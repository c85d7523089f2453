"""The document of a receipt: every amount exact, and states in words that programs can rely on."""

import msgspec
import pytest

from farthing.accounts.receipt import receipt
from farthing.accounts.receipt_document import ChargedView
from farthing.accounts.receipt_view import at, charged, view
from farthing.domain.money import parse_usd, usd
from farthing.domain.record import Step
from support.receipts import LARGE, SMALL, a_settled_call, card_of, paid

STEP = Step("downgrade", "small instead of large", "'all' is used up to 60 %", 1_200)


def document(call):
    return view(receipt(call, card_of))


def a_downgraded_call():
    attempt = {**paid(SMALL, input_tokens=2_000, cache_read_input_tokens=1_500, output_tokens=40), "steps": (STEP,)}
    return a_settled_call(1, LARGE, attempts=(attempt,), cap_asked=100, key="bot", labels=(("team", "a"),))


def nanos(text):
    return -parse_usd(text[1:]) if text.startswith("-") else parse_usd(text)


def test_amounts_are_decimal_strings_that_add_up():
    shown = document(a_downgraded_call())
    saved = sum(nanos(saving.usd) for saving in shown.savings)
    assert nanos(shown.naive_usd) - saved == nanos(shown.cost_usd)
    assert [saving.cause for saving in shown.savings] == ["model", "cache_read"]
    (attempt,) = shown.attempts
    assert sum(line.picos for line in attempt.lines) == nanos(shown.cost_usd) * 1_000
    assert shown.adds_up


def test_what_was_asked_and_what_was_done_stand_side_by_side():
    shown = document(a_downgraded_call())
    assert (shown.asked.model, shown.asked.output_cap, shown.asked.messages) == ("large", 100, 1)
    (step,) = shown.attempts[0].steps
    assert (step.stage, step.saves_usd, step.costs_usd) == ("downgrade", "0.0000012", None)
    assert [(entry.act, entry.posted) for entry in shown.entries] == [("held", "0"), ("settled", shown.cost_usd)]


def test_it_goes_through_json_unchanged():
    shown = document(a_downgraded_call())
    assert msgspec.json.decode(msgspec.json.encode(shown), type=type(shown)) == shown


def test_a_call_that_runs_has_no_end_and_no_cost_yet():
    shown = document(a_settled_call(1, SMALL, state="held", closing=""))
    assert (shown.outcome, shown.took_ms, shown.cost_usd, shown.complete) == (None, None, "0", False)
    assert shown.attempts[0].cost_usd is None
    assert shown.attempts[0].naive_usd is None


def test_an_unknown_outcome_says_when_it_is_charged():
    call = a_settled_call(1, SMALL, state="unknown")
    assert document(call).attempts[0].due_at == at(call.attempts[0].due_ms)


@pytest.mark.parametrize("state", [2, "settled"])
def test_either_stores_note_beside_a_correction_reads_the_same(state):
    noted = msgspec.json.encode({"state": state, "source": "provider", "cost_nanos": 7, "charges": [[1, 2]]}).decode()
    assert charged(noted) == ChargedView(state="settled", source="provider", cost_usd=usd(7))
