"""Asking for money: who is held, who waits, and that nobody who left keeps any."""

import asyncio

import pytest

from farthing.call.funding import fund, walk
from farthing.call.stages import ContextOf, ExactCount, ProviderCount, ask
from farthing.call.states import Funded, NeedsFunds, Over, Refused
from farthing.domain.budget import Budget, Unit
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.hold import Reserve
from farthing.wire.openai.responses import ResponsesDialect
from support.client import ListeningClient
from support.desk import ValueDesk, chat, dollars
from support.funded import funded, planned

COUNTED = 3


def fund_now(at, plan, client=None, ordinal=1):
    return asyncio.run(fund(NeedsFunds(plan, ordinal), at, client or ListeningClient()))


def responses(**fields):
    return {"model": "gpt-4o-mini", "input": "and then?", "max_output_tokens": 100, **fields}


class CancelledAsItIsGranted(ValueDesk):
    """Its patient reserve is granted in the moment in which the task that asked is cancelled."""

    async def while_here(self, client, ask):
        await self.ledger.reserve(ask)
        raise asyncio.CancelledError


class BrokenStore(ValueDesk):
    """Its ledger cannot promise anything."""

    def __init__(self, *outcomes, **more):
        super().__init__(*outcomes, **more)
        self.ledger.reserve = self.unavailable

    async def unavailable(self, ask: Reserve):
        raise LedgerUnavailable("the disk is full")


def test_what_fits_by_its_free_bound_is_held_without_asking_anybody_anything():
    at = ValueDesk(budgets=(dollars("1"),))
    holding = asyncio.run(funded(at, chat(max_tokens=50)))
    assert holding.plan.bound.kind == "bytes"
    assert not at.asked
    assert at.spent()[1] > 0


def test_only_what_does_not_fit_is_counted_exactly():
    at = ValueDesk(budgets=(dollars("0.00004"),))
    at.facts[ExactCount] = COUNTED
    holding = asyncio.run(funded(at, chat("x" * 400, max_tokens=50)))
    assert holding.plan.bound.kind == "exact"
    assert [type(need) for need in at.asked] == [ExactCount]
    assert not holding.reserved.clamped


def test_what_no_bound_makes_fit_is_refused_with_the_numbers_and_nothing_is_held():
    at = ValueDesk(budgets=(dollars("0.00001"),))
    state = fund_now(at, planned(at, chat()))
    assert isinstance(state, Refused)
    assert state.refusal.code == "budget_exceeded"
    assert state.refusal.standing.needed > state.refusal.standing.left
    assert not state.recorded


def test_a_refusal_of_a_later_attempt_completes_the_row_that_is_there():
    at = ValueDesk(budgets=(dollars("0.00001"),))
    state = fund_now(at, planned(at, chat()), ordinal=2)
    assert isinstance(state, Refused)
    assert state.recorded


def test_a_client_that_left_while_it_waited_is_never_funded_and_its_record_says_so():
    at = ValueDesk(budgets=(dollars("0.001"),))
    client = ListeningClient()
    client.gone = True
    assert isinstance(fund_now(at, planned(at, chat()), client), Over)
    assert at.last().closing.outcome == "unsent"
    assert at.last().closing.status == 499


def test_a_task_cancelled_in_the_moment_its_money_is_granted_gives_it_back():
    at = CancelledAsItIsGranted(budgets=(dollars("0.001"),))
    with pytest.raises(asyncio.CancelledError):
        fund_now(at, planned(at, chat()))
    assert at.spent() == (0, 0, 0)
    assert at.last().attempts[0].state == "void"
    assert at.last().closing.outcome == "unsent"


def test_a_ledger_that_cannot_promise_is_told_and_nothing_else_is_done():
    at = BrokenStore(budgets=(dollars("1"),))
    with pytest.raises(LedgerUnavailable):
        fund_now(at, planned(at, chat()))
    assert at.ledger.records.recent(limit=1) == ()


def test_an_answer_that_was_settled_a_moment_ago_is_found_before_its_successor_is_refused():
    """Records show what is on disk, which may be 10 ms behind; without the flush the whole window would be held."""
    at = ValueDesk(budgets=(dollars("0.001"),))

    async def flush():
        at.facts[ContextOf] = 30

    at.ledger.flush = flush
    state = fund_now(at, planned(at, responses(previous_response_id="resp_1"), ResponsesDialect()))
    assert isinstance(state, Funded)
    assert state.holding.plan.bound.kind == "bytes"


def test_an_answer_of_somebody_else_is_bounded_by_the_window():
    at = ValueDesk(budgets=(dollars("1"),))
    state = fund_now(at, planned(at, responses(previous_response_id="resp_1"), ResponsesDialect()))
    assert isinstance(state, Funded)
    assert state.holding.plan.bound.kind == "window"
    assert at.asked[0] == ContextOf("(keyless)", "resp_1")


def test_a_budget_of_tokens_is_tightened_like_one_of_money():
    at = ValueDesk(budgets=(Budget(name="few", limits=((Unit.TOKENS, 120),)),))
    at.facts[ExactCount] = COUNTED
    holding = asyncio.run(funded(at, chat("x" * 400, max_tokens=100)))
    assert holding.reserved.cap == 100
    assert holding.plan.bound.kind == "exact"


def test_walking_a_stage_gives_it_the_answers_it_asks_for():
    at = ValueDesk()
    plan = planned(at, chat())
    at.facts[ProviderCount] = 41

    def stage():
        counted = yield from ask(ProviderCount(plan))
        return counted + 1

    assert asyncio.run(walk(stage(), at)) == 42
