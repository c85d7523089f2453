"""One hold: settled, voided or lost exactly once, and never worth nothing because a price is missing."""

import asyncio

import pytest

from farthing.call.arrival import Caller
from farthing.domain.budget import Budget, Unit
from farthing.domain.usage import Usage
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.dialect import Answered
from farthing.wire.openai.responses import ResponsesDialect
from support.desk import ValueDesk, chat, dollars
from support.funded import claude, closing, funded

USED = Usage(input_tokens=10, output_tokens=5)
COST = 10 * 150 + 5 * 600
WITH_FAST = 1_795_305_600_000
"""22 November 2026: a moment at which the book has prices of dearer tiers."""


def told(usage=USED, **more):
    return Answered(usage=usage, **more)


def held(at, body=None, dialect=None, **more):
    return asyncio.run(funded(at, body or chat(max_tokens=50), dialect, **more))


def desk(limit="1", **more):
    return ValueDesk(budgets=(dollars(limit, **more),))


def test_settling_posts_the_truth_and_gives_back_the_rest():
    at = desk()
    holding = held(at)
    assert holding.settle(told(id="chatcmpl-1", model="served"), USED, closing(holding)) == COST
    assert at.spent() == (COST, 0, 0)
    record = at.last().attempts[0]
    assert (record.served_model, record.response_id, record.source) == ("served", "chatcmpl-1", "provider")


def test_a_hold_has_one_end():
    at = desk()
    holding = held(at)
    holding.void("refused", closing(holding, "failed", 400))
    with pytest.raises(AssertionError, match="exactly one end"):
        holding.settle(told(), USED, closing(holding))
    assert at.spent() == (0, 0, 0)


def test_usage_that_part_of_has_no_price_keeps_its_hold_and_is_never_free():
    """A tier that the book does not know: `auto` lets the provider choose it."""
    at = desk()
    holding = held(at, chat(max_tokens=50, service_tier="auto"))
    assert holding.settle(told(tier="no-such-tier"), USED, closing(holding)) is None
    posted, still_held, unknown = at.spent()
    assert (posted, still_held) == (0, 0)
    assert unknown > COST
    record = at.last()
    assert record.closing.outcome == "unknown"
    assert "no-such-tier" in record.attempts[0].reason
    assert record.attempts[0].seen.output_tokens == 5


def test_writes_to_a_cache_that_have_no_price_are_never_free():
    at = desk()
    holding = held(at)
    wrote = Usage(input_tokens=10, output_tokens=5, cache_write_input_tokens=4)
    holding.settle(told(wrote), wrote, closing(holding))
    assert at.spent()[2] > 0


def test_without_a_price_and_without_a_budget_of_money_tokens_are_posted_all_the_same():
    at = ValueDesk(budgets=(Budget(name="tokens", limits=((Unit.TOKENS, 10_000),)), dollars("1", hard="off")))
    body = {"model": "no-such-model", "messages": [{"role": "user", "content": "x"}], "max_tokens": 50}
    holding = held(at, body)
    assert holding.settle(told(), USED, closing(holding)) is None
    by_unit = {s.account.unit: s for s in at.ledger.records.accounts()}
    assert by_unit[Unit.TOKENS].posted == 15
    assert by_unit[Unit.USD].posted == 0
    assert at.last().attempts[0].state == "settled"


def test_output_above_the_cap_closes_the_gate_and_is_posted_in_full():
    at = desk()
    holding = held(at)
    much = Usage(input_tokens=10, output_tokens=500)
    holding.settle(told(much), much, closing(holding))
    assert at.spent()[0] == 10 * 150 + 500 * 600
    assert "overran_cap" in at.last().attempts[0].flags
    assert at.ledger._book.gates == {"openai/gpt-4o-mini"}


def test_all_choices_together_may_use_the_cap_once_each():
    at = desk()
    holding = held(at, chat(max_tokens=50, n=4))
    much = Usage(input_tokens=10, output_tokens=200)
    holding.settle(told(much), much, closing(holding))
    assert at.ledger._book.gates == set()


def test_rejected_predictions_are_no_overrun():
    at = desk()
    holding = held(at, chat(max_tokens=50, prediction={"type": "content", "content": "x" * 100}))
    much = Usage(input_tokens=10, output_tokens=150)
    holding.settle(told(much), much, closing(holding))
    assert at.ledger._book.gates == set()


def test_a_cap_of_nothing_that_is_answered_with_something_is_an_overrun():
    """`max_tokens: 0` warms a cache: a server that takes it for no cap at all must not be asked again."""
    at = desk()
    holding = held(at, claude(max_tokens=0), MessagesDialect())
    assert holding.reserved.cap == 0
    holding.settle(told(), USED, closing(holding))
    assert at.ledger._book.gates == {"anthropic/claude-haiku-4-5"}


def test_input_above_its_bound_is_flagged_and_learned():
    at = desk()
    holding = held(at, chat("x" * 2_000, max_tokens=50))
    for _ in range(20):
        at.ratios.learn(("openai", "gpt-4o-mini"), 2_000, 100)
    dense = Usage(input_tokens=5_000, output_tokens=5)
    holding.settle(told(dense), dense, closing(holding))
    assert "overran_input" in at.last().attempts[0].flags
    assert at.ratios.bound(("openai", "gpt-4o-mini"), 2_000) > 5_000


def test_a_picture_teaches_nothing_about_text():
    at = desk()
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    body = chat(max_tokens=50)
    body["messages"][0]["content"] = [{"type": "text", "text": "x" * 2_000}, part]
    holding = held(at, body)
    for _ in range(19):
        at.ratios.learn(("openai", "gpt-4o-mini"), 2_000, 100)
    holding.settle(told(), USED, closing(holding))
    assert at.ratios.bound(("openai", "gpt-4o-mini"), 2_000) is None


def test_an_answer_cut_by_a_cap_that_we_set_is_flagged():
    at = desk()
    holding = held(at, chat())
    holding.settle(told(finish="length"), USED, closing(holding))
    assert "cut_by_cap" in at.last().attempts[0].flags


def test_only_answers_that_can_be_pointed_to_are_remembered_and_only_for_their_tenant():
    at = desk()
    holding = held(
        at, {"model": "gpt-4o-mini", "input": "x", "max_output_tokens": 50}, ResponsesDialect(), caller=Caller(key="a")
    )
    holding.settle(told(id="resp_1"), USED, closing(holding))
    assert at.ledger.records.context_of("a", "resp_1") == 15
    assert at.ledger.records.context_of("b", "resp_1") is None
    chatting = held(at)
    chatting.settle(told(id="chatcmpl-1"), USED, closing(chatting))
    assert at.ledger.records.context_of("(keyless)", "chatcmpl-1") is None


def test_a_lost_attempt_remembers_the_least_it_cost_and_when_it_is_due():
    at = desk()
    holding = held(at)
    hold = at.spent()[1]
    holding.lose("reset", closing(holding, "unknown", 502), observed=7)
    assert at.spent() == (0, 0, hold)
    record = at.last().attempts[0]
    assert record.due_ms == at.time_ms + 600_000
    assert record.seen.output_tokens == 7
    assert record.seen.picos == (holding.plan.bound.tokens * 150 + 7 * 600) * 1_000


def test_what_was_seen_of_a_dearer_tier_is_priced_as_that_tier():
    at = desk()
    at.time_ms = WITH_FAST
    holding = held(at, {**claude(max_tokens=50, speed="fast"), "model": "claude-opus-4-8"}, MessagesDialect())
    fast = holding.plan.card.variants["fast"][0].rates
    holding.lose("reset", closing(holding, "unknown", 502), observed=7)
    seen = at.last().attempts[0].seen
    assert seen.picos == holding.plan.bound.tokens * fast.input + 7 * fast.output


def test_a_pending_answer_is_remembered_so_that_it_can_be_settled_when_it_is_fetched():
    at = desk(hard="off")
    body = {"model": "gpt-4o-mini", "input": "x", "background": True}
    holding = held(at, body, ResponsesDialect(), caller=Caller(key="a"))
    holding.lose("later", closing(holding, "unknown"), answered=told(None, id="resp_1", pending=True))
    assert at.ledger.records.pending_response("a", "resp_1") == holding.attempt
    assert at.ledger.records.pending_response("b", "resp_1") is None


def test_a_settlement_that_cannot_be_worked_out_leaves_the_hold_to_be_lost():
    at = desk()
    holding = held(at)

    at.ratios = None
    with pytest.raises(AttributeError):
        holding.settle(told(), USED, closing(holding))
    assert not holding.ended


def test_it_knows_whether_the_call_was_closed_with_it():
    at = desk()
    holding = held(at)
    holding.void("refused by the network")
    assert not holding.closed
    other = held(at)
    other.void("refused", closing(other, "failed", 400))
    assert other.closed
