"""Who lives, while this gateway runs: heartbeats count as missed only while it could hear them, and runs that are over
leave no limits behind."""

import asyncio

from farthing.config.engine import Engine, wall_ms
from farthing.gateway.admin.run_releases import release_what_is_over

LOOK_SECONDS = 2.0
ASLEEP_MS = 10_000
"""A look that is so late was no delay: the machine slept, or this process was stopped, and heard nothing meanwhile."""
RELEASE_SECONDS = 60.0


async def keep_runs(engine: Engine, *, every: float = LOOK_SECONDS, release_every: float = RELEASE_SECONDS) -> None:
    """Never returns. Begins with listening: what did not beat while no gateway was there may live all the same."""
    listen(engine)
    looked_ms = released_ms = wall_ms()
    while True:
        await asyncio.sleep(every)
        now_ms = wall_ms()
        if now_ms - looked_ms > every * 1_000 + ASLEEP_MS:
            listen(engine)
        looked_ms = now_ms
        if now_ms - released_ms >= release_every * 1_000:
            released_ms = now_ms
            await release_what_is_over(engine)


def listen(engine: Engine) -> None:
    """Nobody could be heard before now."""
    if engine.guards is not None:
        engine.guards.runs.listen(now_ms=engine.now_ms())
