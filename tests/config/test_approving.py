"""Waiting for people: what wakes a call, how many may wait, and what is remembered."""

import asyncio

import msgspec

from farthing.config.approving import Approving
from farthing.domain.budget import AccountKey, Budget, Grant, Unit
from farthing.ports.approvals import Petition
from farthing.stores.memory.approvals import MemoryApprovals
from farthing.stores.memory.directory import MemoryDirectory
from support.client import ListeningClient

NOW = 1_790_000_000_000
ALL = AccountKey("all", "", Unit.USD, "lifetime")
BUDGET = Budget(name="all", limits=((Unit.USD, 1_000),), hard="approve")
ASKED = Petition(accounts=((ALL, 0),), budget="all", short=500, limit=1_000, spent=900, worst=600, model="m", key="bot")
AT_HALF = msgspec.structs.replace(ASKED, at_millionths=500_000, short=0)


class World:
    def __init__(self, **more):
        self.directory = MemoryDirectory(now_ms=lambda: NOW)
        self.store = MemoryApprovals(self.directory)
        self.events = []
        self.last = 0
        self.approving = Approving(
            self.store, mint=self.mint, clock=lambda: NOW, notice=self.events.append, **more
        )  # fmt: skip
        self.approving.adopt((BUDGET,), ())

    def mint(self, now_ms):
        self.last += 16
        return self.last

    async def waiting(self, approval, limit=1_000, seconds=60.0):
        task = asyncio.ensure_future(self.approving.hear(approval, limit, seconds, ListeningClient()))
        before = self.approving.waiting
        while self.approving.waiting == before and not task.done():
            await asyncio.sleep(0)
        return task


def run(scenario, **more):
    return asyncio.run(scenario(World(**more)))


def test_people_are_told_of_a_new_request_once_with_how_to_answer():
    async def scenario(world):
        first = await world.approving.ask(ASKED)
        assert (await world.approving.ask(ASKED)).id == first.id
        (event,) = world.events
        assert event.kind == "approval"
        assert "farthing approvals show appr_0000000000000010" in event.detail
        assert "0.0000005 USD more" in event.detail
        assert "key bot" in event.detail
        await world.approving.ask(AT_HALF)
        assert "threshold 0.5" in world.events[1].detail
        assert world.events[0].subject != world.events[1].subject

    run(scenario)


def test_a_decision_wakes_who_waits_for_it_and_nobody_else():
    async def scenario(world):
        one, other = await world.approving.ask(ASKED), await world.approving.ask(AT_HALF)
        mine, theirs = await world.waiting(one), await world.waiting(other)
        world.store.decline(one.id, by="ann", now_ms=NOW)
        await world.approving.learn()
        assert (await mine).approval.state == "declined"
        assert not theirs.done()
        theirs.cancel()

    run(scenario)


def test_a_decision_that_came_before_the_wait_began_is_heard_at_once():
    async def scenario(world):
        one = await world.approving.ask(ASKED)
        world.store.grant(one.id, by="ann", now_ms=NOW)
        await world.approving.learn()
        heard = await world.approving.hear(one, 1_000, 60.0, ListeningClient())
        assert heard.approval.state == "granted"

    run(scenario)


def test_when_the_time_is_over_the_store_has_the_last_word():
    async def scenario(world):
        one = await world.approving.ask(ASKED)
        assert (await world.approving.hear(one, 1_000, 0.0, ListeningClient())).approval.state == "pending"
        world.store.grant(one.id, by="ann", now_ms=NOW)  # by another process, and not heard of here
        assert (await world.approving.hear(one, 1_000, 0.0, ListeningClient())).approval.state == "granted"

    run(scenario)


def test_a_raise_wakes_who_was_stopped_at_the_limit_and_not_at_a_threshold():
    async def scenario(world):
        one, other = await world.approving.ask(ASKED), await world.approving.ask(AT_HALF)
        mine, theirs = await world.waiting(one), await world.waiting(other)
        world.approving.adopt((BUDGET,), ())
        await asyncio.sleep(0)
        assert not mine.done(), "nothing was raised"
        world.approving.adopt((BUDGET,), (Grant(account=ALL, amount=1, by="ann"),))
        heard = await mine
        assert (heard.moved, heard.approval.state) == (True, "pending")
        assert not theirs.done()
        theirs.cancel()

    run(scenario)


def test_a_raise_between_the_refusal_and_the_wait_is_not_missed():
    async def scenario(world):
        one = await world.approving.ask(ASKED)
        world.approving.adopt((BUDGET,), (Grant(account=ALL, amount=1, by="ann"),))
        assert (await world.approving.hear(one, 1_000, 60.0, ListeningClient())).moved

    run(scenario)


def test_a_limit_that_this_process_has_not_heard_of_yet_does_not_make_it_try_in_vain():
    async def scenario(world):
        one = await world.approving.ask(ASKED)
        mine = await world.waiting(one, limit=1_500)  # the ledger said so
        world.approving.adopt((BUDGET,), (Grant(account=ALL, amount=500, by="ann"),))
        await asyncio.sleep(0)
        assert not mine.done()
        mine.cancel()

    run(scenario)


def test_more_than_may_wait_are_answered_at_once():
    async def scenario(world):
        one = await world.approving.ask(ASKED)
        waiting = [await world.waiting(one) for _ in range(2)]
        heard = await world.approving.hear(one, 1_000, 60.0, ListeningClient())
        assert (heard.approval.state, heard.moved) == ("pending", False)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert world.approving.waiting == 0

    run(scenario, most_waiting=2)


def test_when_the_gateway_stops_nobody_waits_any_more():
    async def scenario(world):
        one = await world.approving.ask(ASKED)
        mine = await world.waiting(one)
        world.approving.close()
        assert (await mine).approval.state == "pending"
        assert (await world.approving.hear(one, 1_000, 60.0, ListeningClient())).approval.state == "pending"

    run(scenario)


def test_a_passed_threshold_counts_for_itself_and_lower_ones():
    async def scenario(world):
        one = await world.approving.ask(AT_HALF)
        world.store.grant(one.id, by="ann", now_ms=NOW)
        assert not world.approving.passed(ALL, 500_000)
        await world.approving.learn()
        assert world.approving.passed(ALL, 500_000)
        assert world.approving.passed(ALL, 300_000)
        assert not world.approving.passed(ALL, 800_000)
        assert not world.approving.passed(ALL._replace(value="ann"), 500_000)

    run(scenario)


def test_a_grant_at_the_limit_passes_no_threshold():
    async def scenario(world):
        one = await world.approving.ask(ASKED)
        world.store.grant(one.id, by="ann", now_ms=NOW)
        await world.approving.learn()
        assert not world.approving.passed(ALL, 1)

    run(scenario)
