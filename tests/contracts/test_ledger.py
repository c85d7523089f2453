"""What every ledger promises, held against each of them."""

import asyncio

import pytest

from farthing.domain.budget import Grant, Unit
from farthing.domain.hold import Declined, Reserved, Short
from support.ledgers import Clock, close_ledger, make_ledger, sweep, until
from support.money import ask, attempt, budget, call, charge, closing, fixed, key, loss, settlement, spent, void

WAIT = 60_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def run(request, tmp_path, clock):
    """Runs a test's coroutine with a fresh ledger."""

    def runs(body, *budgets, grants=()):
        async def main():
            ledger = make_ledger(request.param, tmp_path, clock)
            try:
                ledger.adopt(budgets or (budget(),), grants)
                await body(ledger)
            finally:
                await close_ledger(ledger)

        asyncio.run(main())

    return runs


def amounts(ledger, name: str = "b", **more) -> tuple[int, int, int]:
    standing = ledger.standing(key(name, **more))
    assert standing is not None
    return standing.posted, standing.held, standing.unknown


async def applied(ledger) -> None:
    await ledger.flush()


def test_reserve_holds_settle_posts_and_releases_the_rest(run):
    async def body(ledger):
        got = await ledger.reserve(ask(1, charge(key(), 10), cap=100, floor=10))
        assert isinstance(got, Reserved)
        assert got.held == ((key(), 110),)
        assert amounts(ledger) == (0, 110, 0)
        ledger.settle(settlement(1, 40, closing=closing(1)))
        await applied(ledger)
        assert amounts(ledger) == (40, 0, 0)

    run(body)


def test_i02_i03_the_sum_of_holds_is_what_is_held_and_of_charges_what_is_posted(run):
    async def body(ledger):
        asks = [fixed(number, number, "a", "b") for number in range(1, 41)]
        assert all(isinstance(got, Reserved) for got in await asyncio.gather(*map(ledger.reserve, asks)))
        for number in range(1, 21):
            ledger.settle(settlement(number, number // 2))
        for number in range(21, 31):
            ledger.void(void(number))
        await applied(ledger)
        posted, held = sum(number // 2 for number in range(1, 21)), sum(range(31, 41))
        assert amounts(ledger, "a") == amounts(ledger, "b") == (posted, held, 0)

    run(body, budget("a", 10_000), budget("b", 10_000))


def test_i04_i28_a_refusal_touches_no_account(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 900, "a", "b"))
        for wait_ms in (0, WAIT):
            got = await ledger.reserve(fixed(2, 700, "a", "b", "c", wait_ms=wait_ms))
            assert isinstance(got, Short | Declined)
        assert amounts(ledger, "a") == amounts(ledger, "b") == (0, 900, 0)
        standing = ledger.standing(key("c"))
        assert standing is None or (standing.posted, standing.held) == (0, 0)

    run(body, budget("a", 10_000), budget("b", 1_000), budget("c", 500))


def test_i05_each_hold_reaches_one_end_and_a_second_end_changes_nothing(run):
    async def body(ledger):
        for number in (1, 2, 3):
            await ledger.reserve(fixed(number, 100))
        for _ in range(2):
            ledger.settle(settlement(1, 30))
            ledger.void(void(2))
            ledger.lose(loss(3))
            await applied(ledger)
            ledger.void(void(1))
            ledger.settle(settlement(2, 99))
            ledger.void(void(3))
            ledger.lose(loss(1))
            await applied(ledger)
            assert amounts(ledger) == (30, 0, 100)

    run(body)


def test_i06_r19_settling_twice_in_one_batch_releases_exactly_once(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 500))
        await ledger.reserve(fixed(2, 100))
        for _ in range(5):
            ledger.settle(settlement(2, 10))
            ledger.void(void(2))
        await applied(ledger)
        assert amounts(ledger) == (10, 500, 0)

    run(body)


def test_i07_an_overrun_is_posted_in_full_at_every_level(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 100, "a", "b"))
        ledger.settle(settlement(1, 400))
        await applied(ledger)
        assert amounts(ledger, "a") == amounts(ledger, "b") == (400, 0, 0)
        assert isinstance(await ledger.reserve(fixed(2, 1, "b", wait_ms=WAIT)), Declined)
        assert isinstance(await ledger.reserve(fixed(3, 1, "a")), Reserved)

    run(body, budget("a", 10_000), budget("b", 150))


def test_i09_nothing_that_was_lost_becomes_free_before_a_policy_or_a_truth(run, clock):
    async def body(ledger):
        await ledger.reserve(fixed(1, 600))
        ledger.lose(loss(1, 10, due_ms=clock.now_ms + 1_000))
        got = await ledger.reserve(fixed(2, 500, wait_ms=WAIT))
        assert isinstance(got, Declined)
        assert got.code == "budget_exceeded"
        clock.now_ms += 1_000
        await asyncio.to_thread(sweep, ledger)
        await applied(ledger)
        await ledger.reserve(fixed(3, 1))
        assert amounts(ledger) == (600, 1, 0)

    run(body)


@pytest.mark.parametrize(("policy", "charged"), [("charge_hold", 600), ("charge_seen", 10)])
def test_the_policy_of_each_budget_charges_an_unknown_outcome_once(run, clock, policy, charged):
    async def body(ledger):
        await ledger.reserve(fixed(1, 600))
        ledger.lose(loss(1, 10, due_ms=clock.now_ms + 1_000))
        await applied(ledger)
        for _ in range(3):
            clock.now_ms += 1_000
            await asyncio.to_thread(sweep, ledger)
        await ledger.reserve(fixed(3, 1))
        assert amounts(ledger) == (charged, 1, 0)

    run(body, budget("b", 1_000, unknown=policy))


def test_unknown_may_be_settled_late_and_corrected_after_an_estimate(run, clock):
    async def body(ledger):
        await ledger.reserve(fixed(1, 100))
        await ledger.reserve(fixed(2, 100))
        ledger.lose(loss(1, due_ms=clock.now_ms + 10))
        ledger.lose(loss(2, due_ms=clock.now_ms + 10))
        ledger.settle(settlement(1, 33))
        await applied(ledger)
        clock.now_ms += 10
        await asyncio.to_thread(sweep, ledger)
        assert await ledger.adjust(settlement(2, 5, source="operator"), by="ops", reason="the provider's invoice")
        await ledger.reserve(fixed(3, 1))
        assert amounts(ledger) == (38, 1, 0)

    run(body)


def test_a_correction_leaves_calls_in_flight_and_unknown_ids_alone(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 100))
        assert not await ledger.adjust(settlement(1, 5), by="ops", reason="")
        assert not await ledger.adjust(settlement(77, 5), by="ops", reason="")
        assert amounts(ledger) == (0, 100, 0)

    run(body)


def test_i13_every_attempt_has_its_own_hold_and_the_call_is_their_sum(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 100))
        ledger.lose(loss(1, due_ms=10**15))
        await ledger.reserve(fixed(1, 200, ordinal=2))
        await ledger.reserve(fixed(1, 300, ordinal=3))
        await applied(ledger)
        assert amounts(ledger) == (0, 500, 100)
        ledger.settle(settlement(1, 20, ordinal=2))
        ledger.settle(settlement(1, 30, ordinal=3))
        await applied(ledger)
        assert amounts(ledger) == (50, 0, 100)

    run(body)


def test_i17_a_settle_posts_to_the_window_of_its_reserve_whatever_the_order(run):
    async def body(ledger):
        for number, window in ((1, "january"), (2, "february"), (3, "january")):
            await ledger.reserve(ask(number, charge(key(window=window), 100, 0)))
        for number in (2, 3, 1):
            ledger.settle(settlement(number, number))
        await applied(ledger)
        assert amounts(ledger, window="january") == (4, 0, 0)
        assert amounts(ledger, window="february") == (2, 0, 0)

    run(body)


def test_i18_a_clock_that_jumps_back_releases_and_charges_nothing(run, clock):
    async def body(ledger):
        await ledger.reserve(fixed(1, 100))
        ledger.lose(loss(1, due_ms=clock.now_ms + 1_000))
        await applied(ledger)
        clock.now_ms -= 86_400_000
        await asyncio.to_thread(sweep, ledger)
        await ledger.reserve(fixed(2, 1))
        assert amounts(ledger) == (0, 1, 100)

    run(body)


def test_i20_after_a_cut_nothing_is_admitted_above_the_new_limit(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 500))
        ledger.adopt([budget("b", 400)], ())
        got = await ledger.reserve(fixed(2, 1, wait_ms=10))
        assert isinstance(got, Declined)
        assert amounts(ledger) == (0, 500, 0)
        ledger.adopt([budget("b", 400)], [Grant(account=key(), amount=101, by="ops")])
        assert isinstance(await ledger.reserve(fixed(3, 1)), Reserved)

    run(body)


def test_i25_r10_the_whole_budget_can_be_used_and_not_one_more(run):
    async def body(ledger):
        got = await asyncio.gather(*(ledger.reserve(fixed(number, 100)) for number in range(12)))
        assert sum(isinstance(one, Reserved) for one in got) == 10
        assert amounts(ledger) == (0, 1_000, 0)

    run(body)


def test_r01_r02_r05_r07_two_hundred_at_once_against_a_budget_for_twenty(run):
    async def body(ledger):
        outcomes = []

        async def agent(number):
            got = await ledger.reserve(fixed(number, 1_000, wait_ms=WAIT))
            outcomes.append(got)
            if isinstance(got, Reserved):
                await asyncio.sleep(0)
                ledger.settle(settlement(number, 990))

        await asyncio.gather(*map(agent, range(200)))
        await applied(ledger)
        posted, held, _ = amounts(ledger)
        served = sum(isinstance(got, Reserved) for got in outcomes)
        assert (posted, held) == (served * 990, 0)
        assert 19_000 <= posted <= 20_000
        assert {got.code for got in outcomes if isinstance(got, Declined)} == {"budget_exceeded"}

    run(body, budget("b", 20_000))


def test_r08_what_is_clamped_is_what_is_held(run):
    async def body(ledger):
        got = await ledger.reserve(ask(1, charge(key(), 100, 2), cap=5_000, floor=50, wait_ms=WAIT))
        assert isinstance(got, Reserved)
        assert (got.cap, got.clamped, got.held) == (450, True, ((key(), 1_000),))

    run(body)


def test_r11_r12_a_cancelled_wait_leaves_nothing_behind(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 1_000))
        waiting = asyncio.create_task(ledger.reserve(fixed(2, 500, wait_ms=WAIT)))
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        ledger.void(void(1))
        await applied(ledger)
        assert amounts(ledger) == (0, 0, 0)

    run(body)


def test_r12_cancelling_at_any_moment_of_a_reserve_leaks_no_hold(run):
    async def body(ledger):
        for number in range(1, 60):
            task = asyncio.create_task(ledger.reserve(fixed(number, 5)))
            for _ in range(number % 7):
                await asyncio.sleep(0)
            if number % 3 == 0:
                await asyncio.sleep(0.001)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                continue
            ledger.void(void(number))
        await applied(ledger)
        await applied(ledger)
        standing = ledger.standing(key())
        assert standing is None or (standing.posted, standing.held) == (0, 0)

    run(body)


def test_r15_r16_an_unpriced_success_releases_its_hold_and_counts_its_tokens(run):
    async def body(ledger):
        tokens = key("b", Unit.TOKENS)
        await ledger.reserve(ask(1, charge(key(), 100, 0), charge(tokens, 50, 0)))
        ledger.settle(settlement(1, 0, cost_nanos=None, spent=spent(0, input_tokens=20, output_tokens=5)))
        await applied(ledger)
        assert amounts(ledger) == (0, 0, 0)
        assert amounts(ledger, unit=Unit.TOKENS) == (25, 0, 0)

    run(body, budget("b", limits=((Unit.USD, 1_000), (Unit.TOKENS, 1_000))))


def test_waiters_are_served_in_the_order_they_came(run):
    async def body(ledger):
        await ledger.reserve(fixed(99, 1_000))
        order = []

        async def agent(number):
            assert isinstance(await ledger.reserve(fixed(number, 400, wait_ms=WAIT)), Reserved)
            order.append(number)
            ledger.settle(settlement(number, 0))

        tasks = []
        for number in range(1, 9):
            tasks.append(asyncio.create_task(agent(number)))
            await asyncio.sleep(0)
        await applied(ledger)
        ledger.void(void(99))
        await asyncio.gather(*tasks)
        assert order == sorted(order)

    run(body)


def test_a_wait_that_is_over_is_budget_reserved(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 1_000))
        got = await ledger.reserve(fixed(2, 500, wait_ms=30))
        assert isinstance(got, Declined)
        assert got.code == "budget_reserved"
        assert got.waited_ms >= 30

    run(body)


def test_a_raise_wakes_whoever_waits(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 1_000))
        waiting = asyncio.create_task(ledger.reserve(fixed(2, 500, wait_ms=WAIT)))
        await asyncio.sleep(0.01)
        ledger.adopt([budget("b", 1_500)], ())
        assert isinstance(await waiting, Reserved)

    run(body)


def test_a_broken_cap_closes_the_gate_of_that_model_alone(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 10, gate="openai/gpt-test"))
        ledger.settle(settlement(1, 40, overran="openai/gpt-test", flags=("overran_cap",)))
        got = await ledger.reserve(fixed(2, 1, gate="openai/gpt-test"))
        assert isinstance(got, Declined)
        assert got.code == "provider_overran"
        assert isinstance(await ledger.reserve(fixed(3, 1, gate="openai/other")), Reserved)

    run(body)


def test_refused_calls_and_closings_change_no_account(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 10))
        ledger.refuse(call(2), closing(2, "refused"))
        ledger.close_call(closing(1))
        await applied(ledger)
        assert amounts(ledger) == (0, 10, 0)

    run(body)


def test_threads_without_a_loop_reserve_and_wait_too(run):
    async def body(ledger):
        assert isinstance(await asyncio.to_thread(ledger.reserve_blocking, fixed(1, 1_000)), Reserved)
        waiting = asyncio.create_task(asyncio.to_thread(ledger.reserve_blocking, fixed(2, 500, wait_ms=WAIT)))
        await asyncio.sleep(0.02)
        ledger.settle(settlement(1, 100))
        assert isinstance(await waiting, Reserved)
        refused = await asyncio.to_thread(ledger.reserve_blocking, fixed(3, 500, wait_ms=20))
        assert isinstance(refused, Declined)
        assert refused.code == "budget_reserved"

    run(body)


def test_several_event_loops_share_one_ledger(run):
    async def body(ledger):
        def elsewhere(first):
            async def several():
                return await asyncio.gather(*(ledger.reserve(fixed(first + n, 100)) for n in range(5)))

            return asyncio.run(several())

        got = await asyncio.gather(*(asyncio.to_thread(elsewhere, first) for first in (10, 20, 30)))
        assert sum(isinstance(one, Reserved) for some in got for one in some) == 10
        assert amounts(ledger)[1] == 1_000

    run(body)


def test_i24_when_everybody_is_done_nothing_is_held_and_nobody_waits(run):
    async def body(ledger):
        async def agent(number):
            got = await ledger.reserve(fixed(number, 1 + number % 700, wait_ms=50 if number % 5 else 0))
            if isinstance(got, Reserved):
                await asyncio.sleep(0.001 * (number % 3))
                (ledger.settle(settlement(number, number % 3)) if number % 4 else ledger.void(void(number)))

        await asyncio.gather(*map(agent, range(1, 150)))
        await applied(ledger)
        assert amounts(ledger)[1:] == (0, 0)
        await until(lambda: isinstance(ledger.standing(key()).left, int))

    run(body)


def test_i29_what_is_shown_as_left_is_never_more_than_what_is_left(run):
    async def body(ledger):
        await ledger.reserve(fixed(1, 600))
        ledger.settle(settlement(1, 100))
        left = ledger.standing(key()).left
        assert left in {400, 900}
        await applied(ledger)
        assert ledger.standing(key()).left == 900
        assert attempt(1) == (1 << 4) + 1

    run(body)
