"""Asking a person: what is asked, how long a call waits, and what each answer leads to."""

import asyncio

import msgspec
import pytest

from farthing.budgets.thresholds import Reached
from farthing.call.approving import approve, at_limit, at_threshold, pass_thresholds
from farthing.call.arrival import Caller
from farthing.call.funding import fund
from farthing.call.plan import Plan
from farthing.call.states import NeedsFunds, Over, Refused
from farthing.domain.budget import AccountKey, Act, Budget, Standing, Threshold, Unit
from farthing.domain.hold import Declined
from farthing.domain.ids import show
from farthing.domain.refusal import Refusal
from farthing.ports.approvals import OPEN_FOR_MS
from support.asking import AskingDesk
from support.client import ListeningClient
from support.desk import chat, dollars
from support.funded import planned

POOR = "0.0000001"


class StayingClient(ListeningClient):
    """Says when it leaves, as a connection does."""

    def __init__(self):
        super().__init__()
        self._going = asyncio.Event()

    async def left(self):
        await self._going.wait()

    def leave(self):
        super().leave()
        self._going.set()


def asking_desk(wait=60.0, limit=POOR, **more):
    return AskingDesk(budgets=(dollars(limit, hard="approve", approve_wait_seconds=wait, **more),))


def declined_by(at, plan, **more):
    charge = plan.charges()[0]
    found = {"limit": 100, "posted": 60, "held": 10, "unknown": 20, "needed": charge.amount(plan.wanted.floor), **more}
    return Declined("budget_exceeded", Standing(charge.account, **found))


async def waits(at, count=1):
    while at.approvals.waiting != count:
        await asyncio.sleep(0)


def test_only_a_budget_that_asks_is_asked_for():
    at = AskingDesk(budgets=(dollars("1"),))
    plan = planned(at, chat())
    assert at_limit(plan, declined_by(at, plan)) is None


def test_money_that_is_only_held_is_waited_for_and_not_asked_for():
    at = asking_desk()
    plan = planned(at, chat())
    found = msgspec.structs.replace(declined_by(at, plan), code="budget_reserved")
    assert at_limit(plan, found) is None


def test_what_is_short_covers_the_whole_call_beside_all_that_is_spent_and_held():
    at = asking_desk()
    plan = planned(at, chat(max_tokens=500))
    worst = plan.charges()[0].amount(500)
    asked = at_limit(plan, declined_by(at, plan)).petition
    assert (asked.worst, asked.spent, asked.limit) == (worst, 80, 100)
    assert asked.short == 60 + 20 + 10 + worst - 100


def test_what_must_stay_for_a_last_answer_is_asked_for_too():
    at = asking_desk()
    plan = planned(at, chat())
    needed = plan.charges()[0].amount(plan.wanted.cap) + 7_000
    assert at_limit(plan, declined_by(at, plan, needed=needed)).petition.short == 90 + needed - 100


def test_the_petition_says_for_whom_and_within_what():
    at = asking_desk(match=(("team", "a"),))
    labels = (("team", "a"), ("user", "ann"))
    plan = planned(at, chat(), caller=Caller(key="bot", labels=labels, trusted=frozenset({"team"})))
    asked = at_limit(plan, declined_by(at, plan)).petition
    assert (asked.key, asked.labels, asked.model, asked.call) == ("bot", labels, "gpt-4o-mini", plan.arrival.id)
    assert asked.scope == (("team", "a"),)
    assert asked.accounts == ((AccountKey("all", "", Unit.USD, "lifetime"), 0),)


def test_labels_that_a_caller_only_claims_do_not_say_whose_run_it_is():
    at = asking_desk(window="run")
    caller = Caller(key="bot", labels=(("run", "r"), ("team", "a")), trusted=frozenset({"run"}))
    plan = planned(at, chat(), caller=caller)
    assert at_limit(plan, declined_by(at, plan)).petition.scope == (("run", "r"),)


def test_a_renamed_budget_is_shown_by_its_name_and_granted_by_its_accounts():
    at = asking_desk(name="new", was="old")
    plan = planned(at, chat())
    question = at_limit(plan, declined_by(at, plan))
    assert question.petition.budget == question.standing.account.budget == "new"
    assert question.petition.account.budget == "old"


def test_without_patience_nobody_waits_and_the_request_is_there():
    at = asking_desk(wait=0.0)
    plan = planned(at, chat())
    state = asyncio.run(fund(NeedsFunds(plan), at, ListeningClient()))
    assert isinstance(state, Refused)
    (asked,) = at.requests()
    shown = show("appr", asked.id)
    assert (state.refusal.code, state.refusal.status, state.refusal.approval) == ("approval_required", 402, shown)
    assert f"/farthing/v1/approvals/{shown}" in state.refusal.message
    assert [event.kind for event in at.events] == ["approval"]
    assert shown in at.events[0].subject


def test_a_call_that_joins_tells_nobody_again():
    at = asking_desk(wait=0.0)
    for _ in range(3):
        asyncio.run(fund(NeedsFunds(planned(at, chat())), at, ListeningClient()))
    assert len(at.requests()) == len(at.events) == 1


def test_a_grant_wakes_the_call_and_it_asks_for_money_anew():
    async def scenario():
        at = asking_desk()
        call = asyncio.ensure_future(fund(NeedsFunds(planned(at, chat()), 2), at, StayingClient()))
        await waits(at)
        assert at.ledger.records.accounts("all") == () or at.spent()[1] == 0
        at.store.grant(at.requests()[0].id, by="ann", amount=10**9, now_ms=at.time_ms)
        await at.take_up()
        state = await call
        assert isinstance(state, NeedsFunds)
        assert state.ordinal == 2
        assert state.plan.asks_until_ms == at.time_ms + 60_000
        (step,) = state.plan.steps
        assert step.stage == "approval"
        assert step.did.startswith("went on after 0 ms, ")
        assert show("appr", at.requests()[0].id) in step.did
        assert "'all'" in step.why
        return await fund(state, at, StayingClient())

    assert asyncio.run(scenario()).holding.reserved.cap > 0


def test_a_decline_is_told_with_who_and_why():
    async def scenario():
        at = asking_desk()
        call = asyncio.ensure_future(fund(NeedsFunds(planned(at, chat())), at, StayingClient()))
        await waits(at)
        at.store.decline(at.requests()[0].id, by="bob", reason="too dear", now_ms=at.time_ms)
        await at.take_up()
        return await call

    refusal = asyncio.run(scenario()).refusal
    assert refusal.code == "approval_declined"
    assert "bob declined" in refusal.message
    assert "too dear" in refusal.message


def test_a_client_that_leaves_ends_the_wait_and_holds_nothing():
    async def scenario():
        at = asking_desk()
        client = StayingClient()
        call = asyncio.ensure_future(fund(NeedsFunds(planned(at, chat())), at, client))
        await waits(at)
        client.leave()
        assert isinstance(await call, Over)
        assert at.approvals.waiting == 0
        return at

    at = asyncio.run(scenario())
    assert at.last().closing.status == 499
    assert at.requests()[0].state == "pending"


def test_a_cancelled_wait_leaves_nothing_behind():
    async def scenario():
        at = asking_desk()
        call = asyncio.ensure_future(fund(NeedsFunds(planned(at, chat())), at, StayingClient()))
        await waits(at)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return at.approvals.waiting

    assert asyncio.run(scenario()) == 0


@pytest.mark.parametrize(("patience_ms", "expected"), [(None, 60_000), (10_000, 8_000), (600_000, 60_000)])
def test_it_waits_as_long_as_its_budget_says_within_the_clients_patience(patience_ms, expected):
    async def scenario():
        at = asking_desk()
        plan = planned(at, chat(), patience_ms=patience_ms)
        call = asyncio.ensure_future(fund(NeedsFunds(plan), at, StayingClient()))
        await waits(at)
        at.store.grant(at.requests()[0].id, by="ann", now_ms=at.time_ms)
        await at.take_up()
        return (await call).plan.asks_until_ms - at.time_ms

    assert asyncio.run(scenario()) == expected


def test_a_second_question_of_the_same_call_gets_what_is_left_of_the_time():
    at = asking_desk()
    plan = msgspec.structs.replace(planned(at, chat()), asks_until_ms=at.time_ms)
    state = asyncio.run(fund(NeedsFunds(plan), at, ListeningClient()))
    assert state.refusal.code == "approval_required"


def test_what_expired_while_it_was_waited_for_is_said_to_have_expired():
    async def scenario():
        at = asking_desk()
        plan = planned(at, chat())
        question = at_limit(plan, declined_by(at, plan))
        found = await at.approvals.ask(question.petition)
        at.time_ms = found.expires_ms - 1  # a millisecond is left of the request, and a minute of the call's wait
        later = asyncio.ensure_future(approve(plan, question, at, StayingClient()))
        while not at.approvals.waiting and not later.done():
            await asyncio.sleep(0)
        at.time_ms += OPEN_FOR_MS
        return await later

    refusal = asyncio.run(scenario())
    assert refusal.code == "approval_required"
    assert "expired" in refusal.message


# Thresholds

NAMES = ("one", "two")


def thresholds():
    soft = (Threshold(500_000, (Act.APPROVE,)),)
    return tuple(Budget(name=name, limits=((Unit.CALLS, 10),), soft=soft) for name in NAMES)


def at_thresholds(wait=0.0):
    budgets = tuple(msgspec.structs.replace(each, approve_wait_seconds=wait) for each in thresholds())
    at = AskingDesk(budgets=budgets)
    plan = planned(at, chat())
    asks = tuple(
        Reached(Act.APPROVE, 500_000, each, Standing(AccountKey(each.name, "", Unit.CALLS, "lifetime"), 10, 5, 0, 0))
        for each in budgets
    )
    return at, msgspec.structs.replace(plan, asks=asks)


def test_a_threshold_asks_to_be_passed_and_for_no_amount():
    _, plan = at_thresholds()
    question = at_threshold(plan, plan.asks[0])
    assert (question.petition.why, question.petition.short, question.petition.worst) == ("threshold 0.5", 0, 1)
    assert "50 %" in question.message


def test_each_threshold_is_asked_by_itself_and_all_must_be_passed():
    at, plan = at_thresholds()
    answer = asyncio.run(pass_thresholds(plan, at, ListeningClient()))
    assert isinstance(answer, Refusal)
    (one,) = at.requests()
    at.store.grant(one.id, by="ann", now_ms=at.time_ms)
    assert isinstance(asyncio.run(pass_thresholds(plan, at, ListeningClient())), Refusal)
    two, _ = at.requests()
    at.store.grant(two.id, by="ann", now_ms=at.time_ms)
    passed = asyncio.run(pass_thresholds(plan, at, ListeningClient()))
    assert isinstance(passed, Plan)
    assert passed.asks == ()
    assert [each.petition.budget for each in at.requests()] == ["two", "one"]


def test_a_client_that_leaves_at_a_threshold_is_over():
    async def scenario():
        at, plan = at_thresholds(wait=60.0)
        client = StayingClient()
        call = asyncio.ensure_future(fund(NeedsFunds(plan), at, client))
        await waits(at)
        client.leave()
        return await call

    assert isinstance(asyncio.run(scenario()), Over)
