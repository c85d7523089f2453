"""Made-up time: waits end in order and at their moment, and cost none of ours."""

import asyncio
from time import monotonic

import pytest

from farthing.replay.clockwork import StandStill, run_from

BEGIN_MS = 1_800_000_000_123
YEAR_MS = 365 * 86_400_000


def test_a_year_is_over_at_once():
    async def wait(loop):
        await loop.until(BEGIN_MS + YEAR_MS)
        return loop.now_ms()

    begun = monotonic()
    assert run_from(BEGIN_MS, wait) == BEGIN_MS + YEAR_MS
    assert monotonic() - begun < 60


@pytest.mark.parametrize("offset_ms", [1, 7, 333, 86_400_001, 30 * 86_400_000 + 1])
def test_who_waits_for_a_moment_is_woken_in_it(offset_ms):
    async def wait(loop):
        await loop.until(BEGIN_MS + offset_ms)
        return loop.now_ms()

    assert run_from(BEGIN_MS, wait) == BEGIN_MS + offset_ms


def test_sleepers_wake_in_the_order_of_their_moments():
    async def wait(loop):
        woken = []

        async def sleep(ms):
            await asyncio.sleep(ms / 1_000)
            woken.append((ms, loop.now_ms() - BEGIN_MS))

        await asyncio.gather(*map(sleep, (300, 100, 200)))
        return woken

    assert run_from(BEGIN_MS, wait) == [(100, 100), (200, 200), (300, 300)]


def test_a_moment_that_is_over_is_not_waited_for():
    async def wait(loop):
        await loop.until(BEGIN_MS - 5)
        return loop.now_ms()

    assert run_from(BEGIN_MS, wait) == BEGIN_MS


def test_waiting_for_what_never_happens_is_said_instead_of_done():
    async def wait(loop):
        await loop.create_future()

    with pytest.raises(StandStill):
        run_from(BEGIN_MS, wait)
