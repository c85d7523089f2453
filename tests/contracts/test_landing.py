"""Money kept for a run's last answer: no other call of the run spends it, its last call does, and nobody else notices."""

import asyncio
import random

import pytest

from farthing.domain.budget import Unit
from farthing.domain.hold import Declined, Reserved, Short
from support.ledgers import Clock, close_ledger, make_ledger
from support.money import ask, budget, charge, closing, fixed, key, loss, settlement, void

WAIT = 60_000
LIMIT = 1_000


@pytest.fixture(params=["memory", "sqlite"])
def run(request, tmp_path):
    """Runs a test's coroutine with a fresh ledger that has a budget of each run, and one of all runs together."""

    def runs(body, *budgets):
        async def main():
            ledger = make_ledger(request.param, tmp_path, Clock())
            try:
                ledger.adopt(budgets or (budget("run", LIMIT, window="run"), budget("team", 10 * LIMIT)))
                await body(ledger)
            finally:
                await close_ledger(ledger)

        asyncio.run(main())

    return runs


def of_run(name="r1"):
    return key("run", window=f"run:{name}")


def normal(number, base, *, keeps, cap=0, floor=None, run="r1", **more):
    """A call of a run that keeps so much for the run's last answer."""
    lines = (charge(of_run(run), base), charge(key("team"), base))
    return ask(number, *lines, cap=cap, floor=floor, landing=((of_run(run), keeps),), **more)


def last(number, base, *, cap=0, floor=None, run="r1", **more):
    return ask(number, charge(of_run(run), base), charge(key("team"), base), cap=cap, floor=floor, lands=True, **more)


async def paid(ledger, number, nanos):
    ledger.settle(settlement(number, nanos, closing=closing(number)))
    await ledger.flush()


async def standing(ledger, account):
    (found,) = await ledger.look((account,))
    return found


def test_a_normal_call_is_clamped_to_what_the_last_answer_leaves(run):
    async def body(ledger):
        got = await ledger.reserve(normal(1, 100, keeps=300, cap=900, floor=10, wait_ms=WAIT))
        assert isinstance(got, Reserved)
        assert (got.cap, got.clamped) == (600, True)
        assert got.held_on(of_run()) == 700

    run(body)


def test_without_patience_a_call_that_would_touch_it_is_short_and_holds_nothing(run):
    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 701, keeps=300)), Short)
        assert isinstance(await ledger.reserve(normal(2, 700, keeps=300)), Reserved)

    run(body)


def test_what_no_longer_fits_beside_it_is_refused_with_what_it_needs_together(run):
    async def body(ledger):
        got = await ledger.reserve(normal(1, 701, keeps=300, wait_ms=WAIT))
        assert isinstance(got, Declined)
        assert got.code == "budget_exceeded"
        assert got.standing.account == of_run()
        assert got.standing.needed == 1_001

    run(body)


def test_the_last_call_may_use_all_of_it(run):
    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 600, keeps=400)), Reserved)
        await paid(ledger, 1, 600)
        assert isinstance(await ledger.reserve(normal(2, 1, keeps=400, wait_ms=WAIT)), Declined)
        got = await ledger.reserve(last(3, 400))
        assert isinstance(got, Reserved)
        await paid(ledger, 3, 400)
        assert (await standing(ledger, of_run())).posted == LIMIT

    run(body)


def test_a_last_call_that_has_less_left_is_clamped_and_below_its_floor_refused(run):
    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 850, keeps=150)), Reserved)
        await paid(ledger, 1, 850)
        got = await ledger.reserve(last(2, 100, cap=200, floor=60, wait_ms=WAIT))
        assert isinstance(got, Declined)
        got = await ledger.reserve(last(3, 100, cap=200, floor=50, wait_ms=WAIT))
        assert isinstance(got, Reserved)
        assert got.cap == 50

    run(body)


def test_each_call_of_the_run_resizes_it_up_and_down(run):
    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 100, keeps=800)), Reserved)
        ledger.void(void(1))
        assert isinstance(await ledger.reserve(normal(2, 500, keeps=500)), Reserved)
        ledger.void(void(2))
        keeps_nothing_itself = ask(3, charge(of_run(), 501), charge(key("team"), 501))
        assert isinstance(await ledger.reserve(keeps_nothing_itself), Short)

    run(body)


def test_a_call_that_keeps_nothing_itself_leaves_what_is_kept(run):
    """Embeddings of a run have no last answer of their own."""

    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 100, keeps=400)), Reserved)
        await paid(ledger, 1, 100)
        assert isinstance(await ledger.reserve(fixed_on_run(2, 501)), Short)
        assert isinstance(await ledger.reserve(fixed_on_run(3, 500)), Reserved)

    run(body)


def fixed_on_run(number, amount):
    return ask(number, charge(of_run(), amount), charge(key("team"), amount))


def test_it_stands_on_the_runs_own_account_only_and_other_runs_notice_nothing(run):
    async def body(ledger):
        for number in range(1, 11):
            got = await ledger.reserve(normal(number, 400, keeps=600, run=f"r{number}"))
            assert isinstance(got, Reserved), "ten runs keep 600 each, and their team has 10 000 in all"
        assert (await standing(ledger, key("team"))).held == 4_000
        assert (await standing(ledger, of_run("r3"))).held == 400

    run(body)


def test_an_ancestor_that_cannot_pay_refuses_the_last_call(run):
    async def body(ledger):
        assert isinstance(await ledger.reserve(fixed(1, 9_900, "team")), Reserved)
        got = await ledger.reserve(last(2, 200, wait_ms=1))
        assert isinstance(got, Declined)
        assert got.standing.account == key("team")

    run(body)


def test_a_run_that_ended_keeps_nothing_and_its_next_call_keeps_it_anew(run):
    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 100, keeps=900)), Reserved)
        await paid(ledger, 1, 100)
        assert isinstance(await ledger.reserve(fixed_on_run(2, 900)), Short)
        ledger.free_landing("run:r1")
        got = await ledger.reserve(fixed_on_run(3, 900))
        assert isinstance(got, Reserved)
        ledger.void(void(3))
        assert isinstance(await ledger.reserve(normal(4, 1, keeps=900)), Short)

    run(body)


def test_money_that_is_freed_lets_in_who_waited_for_it(run):
    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 600, keeps=400)), Reserved)
        waiting = asyncio.ensure_future(ledger.reserve(ask(2, charge(of_run(), 400), wait_ms=WAIT)))
        await ledger.flush()
        assert not waiting.done(), "600 are held and 400 are kept"
        ledger.free_landing("run:r1")
        assert isinstance(await asyncio.wait_for(waiting, 20), Reserved)

    run(body)


def test_a_call_that_waits_beside_it_is_served_when_a_hold_comes_back(run):
    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 600, keeps=400)), Reserved)
        waiting = asyncio.ensure_future(ledger.reserve(normal(2, 500, keeps=400, wait_ms=WAIT)))
        await ledger.flush()
        assert not waiting.done()
        await paid(ledger, 1, 100)
        assert isinstance(await asyncio.wait_for(waiting, 20), Reserved)

    run(body)


def test_a_used_up_landing_is_not_kept_for_a_second_one(run):
    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 100, keeps=500)), Reserved)
        await paid(ledger, 1, 100)
        assert isinstance(await ledger.reserve(last(2, 500)), Reserved)
        ledger.void(void(2))
        assert isinstance(await ledger.reserve(fixed_on_run(3, 900)), Reserved)

    run(body)


def test_two_agents_of_a_run_share_one_last_answer_that_the_latest_of_them_sized(run):
    """Whoever lands first is paid from it. The other has what is left, or nothing; the limit holds whatever they do."""

    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 100, keeps=400)), Reserved)
        await paid(ledger, 1, 100)
        # the other agent's context is shorter
        assert isinstance(await ledger.reserve(normal(2, 50, keeps=60)), Reserved)
        await paid(ledger, 2, 50)
        assert isinstance(await ledger.reserve(normal(3, 700, keeps=60)), Reserved)
        await paid(ledger, 3, 700)
        assert isinstance(await ledger.reserve(last(4, 400)), Declined | Short)  # 150 are left: its own was spent
        assert isinstance(await ledger.reserve(last(5, 60)), Reserved)
        assert isinstance(await ledger.reserve(last(6, 60)), Reserved)  # nothing is kept any more, and 90 are left
        assert isinstance(await ledger.reserve(last(7, 60)), Declined | Short)
        found = await standing(ledger, of_run())
        assert (found.posted, found.held) == (850, 120)

    run(body)


def test_last_answers_at_once_overspend_nothing(run):
    """However many agents land together, each has room for itself or is refused."""

    async def body(ledger):
        assert isinstance(await ledger.reserve(normal(1, 100, keeps=300)), Reserved)
        await paid(ledger, 1, 100)
        found = await asyncio.gather(*(ledger.reserve(last(number, 300)) for number in range(2, 8)))
        assert sum(isinstance(each, Reserved) for each in found) == 3
        account = await standing(ledger, of_run())
        assert account.posted + account.held <= LIMIT

    run(body)


def test_every_limited_unit_of_the_run_is_kept_for(run):
    calls = key("run", Unit.CALLS, window="run:r1")

    def asking(number, **more):
        return ask(number, charge(of_run(), 10), charge(calls, 1, 0), **more)

    async def body(ledger):
        for number in (1, 2):
            got = await ledger.reserve(asking(number, landing=((of_run(), 10), (calls, 1))))
            assert isinstance(got, Reserved)
            await paid(ledger, number, 10)
        got = await ledger.reserve(asking(3, landing=((of_run(), 10), (calls, 1)), wait_ms=WAIT))
        assert isinstance(got, Declined)
        assert got.standing.account == calls
        assert isinstance(await ledger.reserve(asking(4, lands=True)), Reserved)

    run(body, budget("run", limits=((Unit.USD, LIMIT), (Unit.CALLS, 3)), window="run"))


def test_i1_i2_whatever_the_calls_the_limit_holds_and_the_last_one_can_be_paid(run):
    """With settlements up to the whole hold, and unknown ends, the last call that was kept for always fits."""

    async def body(ledger):
        chance = random.Random(7)
        number = 0
        for name in ("a", "b", "c"):
            keeps = chance.randint(50, 200)
            while True:
                number += 1
                got = await ledger.reserve(
                    normal(number, chance.randint(1, 120), keeps=keeps, cap=60, floor=10, run=name, wait_ms=1)
                )
                found = await standing(ledger, of_run(name))
                assert found.posted + found.held + found.unknown <= LIMIT
                if isinstance(got, Declined):
                    break
                assert found.posted + found.held + found.unknown + keeps <= LIMIT
                if chance.random() < 0.2:
                    ledger.lose(loss(number))
                else:
                    await paid(ledger, number, chance.randint(0, got.held_on(of_run(name))))
            number += 1
            assert isinstance(await ledger.reserve(last(number, keeps, run=name)), Reserved)
            await paid(ledger, number, keeps)
            found = await standing(ledger, of_run(name))
            assert found.posted + found.held + found.unknown <= LIMIT
        (team,) = await ledger.look((key("team"),))
        assert team.held == 0

    run(body)


def test_a_look_sees_all_that_was_told_before_it(run):
    async def body(ledger):
        await ledger.reserve(normal(1, 100, keeps=10))
        ledger.settle(settlement(1, 40, closing=closing(1)))
        run_now, team_now, untouched = await ledger.look((of_run(), key("team"), of_run("never")))
        assert (run_now.posted, run_now.held, run_now.limit) == (40, 0, LIMIT)
        assert (team_now.posted, team_now.held) == (40, 0)
        assert (untouched.posted, untouched.limit) == (0, LIMIT)

    run(body)


def test_a_look_sees_what_another_process_committed(tmp_path):
    async def main():
        mine, theirs = (make_ledger("sqlite", tmp_path, Clock()) for _ in range(2))
        try:
            for ledger in (mine, theirs):
                ledger.adopt((budget("run", LIMIT, window="run"), budget("team", 10 * LIMIT)))
            assert isinstance(await mine.reserve(normal(1, 1, keeps=1)), Reserved)
            assert isinstance(await theirs.reserve(normal(2, 500, keeps=1)), Reserved)
            (found,) = await mine.look((of_run(),))
            assert found.held == 501
        finally:
            await close_ledger(mine)
            await close_ledger(theirs)

    asyncio.run(main())
