"""Heartbeats of the runs that this process has opened on a store it shares: when they stop, it is gone, and whoever still
calls in its name (a child process, a script behind a gateway on the same file) is refused and reported as an orphan."""

import asyncio
import logging

from farthing.config.engine import Engine
from farthing.domain.errors import FarthingError

PROMISE_MS = 60_000
"""What is promised of each run: a beat at least so often."""
BEAT_SECONDS = 20.0

log = logging.getLogger("farthing.sdk")


class Beats:
    """All methods run on the engine's loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._runs: set[str] = set()
        self._last_ms = engine.now_ms()

    def add(self, run: str) -> None:
        """It was announced just now, with this promise."""
        if not self._runs:
            self._last_ms = self._engine.now_ms()
        self._runs.add(run)

    def drop(self, run: str) -> None:
        self._runs.discard(run)

    async def go_on(self) -> None:
        """Beat until cancelled."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self.beat()

    async def keep_up(self) -> None:
        """Beat now if that is overdue: after a laptop's sleep the next call may come before the next beat."""
        if self._runs and self._engine.now_ms() - self._last_ms > PROMISE_MS // 2:
            await self.beat()

    async def beat(self) -> None:
        """A run that cannot be told of now is told of at the next beat."""
        engine, self._last_ms = self._engine, self._engine.now_ms()
        for run in tuple(self._runs):
            try:
                found = await asyncio.to_thread(engine.store.guards.beat, run, by="", admin=True)
            except FarthingError as error:
                log.warning("the heartbeat of run %s is late: %s", run, error)
            else:
                if engine.guards is not None:
                    engine.guards.runs.learn(found)
