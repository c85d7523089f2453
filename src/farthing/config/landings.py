"""Keeping for longer than this process who has had a last answer: on disk before that call is sent."""

import asyncio
import logging

from farthing.call.landing import Who
from farthing.domain.errors import LedgerUnavailable
from farthing.ports.guards import GuardStore

log = logging.getLogger("farthing.gateway")


class KeptLandings:
    """Writes landings to the store, off the loop. Where the disk fails, this process alone remembers."""

    def __init__(self, store: GuardStore) -> None:
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()

    async def keep(self, who: Who) -> bool:
        """The last call of this key, run and agent is about to be sent. False where it was sent before, by any process."""
        await self.rest()
        key, run, agent = who
        try:
            return await asyncio.to_thread(lambda: self._store.land(run, agent=agent, owner=key))
        except LedgerUnavailable as error:
            log.warning("the last answer of run %s is remembered until this process ends, no longer: %s", run, error)
            return True

    def give_back(self, who: Who) -> None:
        """Nothing was sent, or nothing billed. Returns at once."""
        task = asyncio.ensure_future(self._give_back(who))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def rest(self) -> None:
        """Return when all that was given back is."""
        if self._tasks:
            await asyncio.gather(*self._tasks)

    async def _give_back(self, who: Who) -> None:
        _, run, agent = who
        try:
            await asyncio.to_thread(lambda: self._store.unland(run, agent=agent))
        except LedgerUnavailable as error:
            log.warning("the last call of run %s that was not sent counts as sent: %s", run, error)
