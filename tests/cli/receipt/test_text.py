"""A call's receipt on paper: nothing wider than a terminal, and every state in words."""

import msgspec
import pytest

from farthing.accounts.paper import WIDTH
from farthing.accounts.receipt import receipt
from farthing.cli.receipt.text import text
from farthing.domain.record import Step
from farthing.ports.records import Adjustment
from support.receipts import LARGE, SMALL, a_settled_call, card_of, paid

STEPS = (
    Step("downgrade", "small instead of large, what its cache saves counted", "'all' is used up to 60 %", 1_200_000),
    Step("hint", "told the model what is left, in 190 bytes behind all that is cached", "'all' is used up", None, 900),
)


def on_paper(call):
    return text(receipt(call, card_of))


def test_a_call_that_was_changed_tells_what_why_and_what_it_was_worth():
    attempt = {**paid(SMALL, input_tokens=2_000, cache_read_input_tokens=1_500, output_tokens=40), "steps": STEPS}
    shown = on_paper(a_settled_call(1, LARGE, attempts=(attempt,), cap_asked=100, key="bot"))
    flat = " ".join(shown.split())
    assert "large over openai-chat, at most 100 tokens out" in shown
    assert "downgrade small instead of large" in flat
    assert "because 'all' is used up to 60 %; expected to save $0.0012" in flat
    assert "costs $0.0000009 at most" in flat
    assert "saved by another model than was asked for" in shown
    assert "less than as it was asked" in shown
    assert max(map(len, shown.splitlines())) <= WIDTH


def test_a_retry_says_why_the_first_attempt_cost_nothing():
    first = {"state": "void", "model": "small", "reason": "connection refused", "shares": (), "settled_ms": None}
    second = {**paid(SMALL, input_tokens=10), "steps": (Step("retry", "sent once more", "connection refused"),)}
    shown = on_paper(a_settled_call(1, SMALL, attempts=(first, second)))
    assert "void: nothing was billed" in shown
    assert "retry      sent once more" in shown


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (a_settled_call(1, SMALL, state="held", closing=""), "in flight"),
        (a_settled_call(1, SMALL, state="unknown"), "outcome unknown"),
        (a_settled_call(1, SMALL, input_tokens=5, source="estimate"), "a policy charged it"),
        (a_settled_call(1, SMALL, input_tokens=5, source="operator"), "by an operator"),
        (a_settled_call(1, SMALL, input_tokens=5, tier="flex"), "service tier flex"),
        (a_settled_call(1, SMALL, attempts=({"cost_nanos": None},)), "unpriced"),
        (a_settled_call(1, SMALL, attempts=(), closing="refused"), "refused, status 402"),
    ],
    ids=["held", "unknown", "estimate", "operator", "tier", "unpriced", "refused"],
)
def test_every_state_is_told_in_words(call, said):
    assert said in on_paper(call)


def test_a_correction_shows_what_stood_there_before():
    call = a_settled_call(1, SMALL, input_tokens=100, source="operator")
    cost = call.attempts[0].cost_nanos
    entry = Adjustment(
        attempt=call.attempts[0].opening.id,
        at_ms=call.opening.arrived_ms + 5_000,
        by="ada",
        reason="the invoice says so",
        before='{"state":1,"source":"","cost_nanos":null,"posted":null}',
        after=msgspec.json.encode({"state": 2, "source": "operator", "cost_nanos": cost, "posted": [cost]}).decode(),
    )
    shown = on_paper(msgspec.structs.replace(call, adjustments=(entry,)))
    assert "by ada: unknown → $0.0000150001" in shown or "by ada: unknown → $0.000015001" in shown
    assert "the invoice says so" in shown
