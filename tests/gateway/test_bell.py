"""A signal for one waiter."""

import asyncio

from farthing.gateway.bell import Bell


def test_a_bell_wakes_whoever_waits_and_stays_rung():
    async def act():
        bell = Bell()
        waiting = asyncio.ensure_future(bell.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        bell.set()
        await waiting
        await bell.wait()
        bell.clear()
        late = asyncio.ensure_future(bell.wait())
        await asyncio.sleep(0)
        assert not late.done()
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        bell.set()

    asyncio.run(act())
