"""A call that lost its key between its claim and its reserve gives its money back and sends nothing."""

import asyncio
import threading

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.domain.hold import Void
from farthing.domain.ids import call_of
from farthing.gateway.claimed import ClaimedDesk, ClaimLost
from farthing.ports.claims import Claim, Claimed
from farthing.stores.memory.claims import MemoryClaims
from support.client import ListeningClient
from support.desk import ValueDesk, dollars
from support.money import fixed, loss

BUDGET = dollars("1", name="b")


def world():
    desk = ValueDesk(budgets=(BUDGET,))
    return desk, MemoryClaims(desk.ledger.records)


def claim_of(ask):
    return Claim(tenant="t", key="k", fingerprint=b"f", call=call_of(ask.opening.id), at_ms=0)


def states(desk, ask):
    return [attempt.state for attempt in desk.ledger.records.call(call_of(ask.opening.id)).attempts]


WAYS = [
    lambda desk, ask: desk.ledger.reserve(ask),
    lambda desk, ask: desk.while_here(ListeningClient(), ask),
]


@pytest.mark.parametrize("reserve", WAYS, ids=["at once", "with patience"])
def test_what_still_holds_its_key_holds_its_money(reserve):
    desk, claims = world()
    ask = fixed(1, 1_000)
    claims.claim(claim_of(ask))
    asyncio.run(reserve(ClaimedDesk(desk, claims, claim_of(ask)), ask))
    assert states(desk, ask) == ["held"]


@pytest.mark.parametrize("reserve", WAYS, ids=["at once", "with patience"])
def test_i12_what_lost_its_key_gives_its_money_back(reserve):
    desk, claims = world()
    ask, other = fixed(1, 1_000), fixed(2, 1_000)
    claims.claim(claim_of(ask))
    assert claims.claim(claim_of(other)) == Claimed(instead_of=claim_of(ask).call)
    with pytest.raises(ClaimLost):
        asyncio.run(reserve(ClaimedDesk(desk, claims, claim_of(ask)), ask))
    record = desk.ledger.records.call(claim_of(ask).call)
    assert [attempt.state for attempt in record.attempts] == ["void"]
    assert (record.closing.outcome, record.closing.status) == ("unsent", 409)
    (standing,) = desk.ledger.records.accounts("b")
    assert (standing.held, standing.posted) == (0, 0)


def test_a_store_that_cannot_say_whose_the_key_is_leaves_nothing_held():
    desk, _ = world()
    ask = fixed(1, 1_000)

    class Broken(MemoryClaims):
        def holds(self, claim):
            raise LedgerUnavailable("the disk is away")

    broken = Broken(desk.ledger.records)
    broken.claim(claim_of(ask))
    with pytest.raises(LedgerUnavailable):
        asyncio.run(ClaimedDesk(desk, broken, claim_of(ask)).ledger.reserve(ask))
    assert states(desk, ask) == ["void"]


def test_a_task_that_is_stopped_while_it_asks_leaves_nothing_held():
    desk, _ = world()
    ask = fixed(1, 1_000)
    asked, go = threading.Event(), threading.Event()

    class Slow(MemoryClaims):
        def holds(self, claim):
            asked.set()
            return go.wait(30) and super().holds(claim)

    slow = Slow(desk.ledger.records)
    slow.claim(claim_of(ask))

    async def stopped():
        task = asyncio.ensure_future(ClaimedDesk(desk, slow, claim_of(ask)).ledger.reserve(ask))
        await asyncio.to_thread(asked.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()

    asyncio.run(stopped())
    assert states(desk, ask) == ["void"]


def test_abandoned_answers_are_counted_on_the_real_desk():
    desk, claims = world()
    claimed = ClaimedDesk(desk, claims, claim_of(fixed(1, 1)))
    claimed.draining += 1
    assert (desk.draining, claimed.draining) == (1, 1)


@pytest.mark.parametrize("reserve", WAYS, ids=["at once", "with patience"])
def test_its_key_is_free_where_everything_it_held_was_given_back(reserve):
    desk, claims = world()
    ask = fixed(1, 1_000)
    claims.claim(claim_of(ask))
    claimed = ClaimedDesk(desk, claims, claim_of(ask))

    async def run():
        yield await claimed.frees_its_key()
        await reserve(claimed, ask)
        yield await claimed.frees_its_key()
        claimed.ledger.void(Void(attempt=ask.opening.id, reason="refused", at_ms=1))
        yield await claimed.frees_its_key()

    assert asyncio.run(every(run())) == [True, False, True]


async def every(found):
    return [each async for each in found]


def test_its_key_stays_where_an_attempt_of_unknown_outcome_is_left():
    desk, claims = world()
    lost, given_back = fixed(1, 1_000), fixed(1, 1_000, ordinal=2)
    claims.claim(claim_of(lost))
    claimed = ClaimedDesk(desk, claims, claim_of(lost))

    async def run():
        for ask in (lost, given_back):
            await claimed.ledger.reserve(ask)
        claimed.ledger.lose(loss(1))
        claimed.ledger.void(Void(attempt=given_back.opening.id, reason="refused", at_ms=1))
        return await claimed.frees_its_key()

    assert not asyncio.run(run())


def test_its_key_stays_where_the_store_cannot_say_that_it_was_given_back():
    desk, claims = world()
    ask = fixed(1, 1_000)
    claims.claim(claim_of(ask))
    claimed = ClaimedDesk(desk, claims, claim_of(ask))

    async def away():
        raise LedgerUnavailable("the disk is away")

    async def run():
        await claimed.ledger.reserve(ask)
        claimed.ledger.void(Void(attempt=ask.opening.id, reason="refused", at_ms=1))
        claimed.ledger.flush = away
        return await claimed.frees_its_key()

    assert not asyncio.run(run())
