"""Keeping for longer than this process who has had a last answer."""

import asyncio
import logging

from farthing.domain.errors import LedgerUnavailable
from farthing.ports.guards import GuardStore

log = logging.getLogger("farthing.gateway")


class KeptLandings:
    """Writes landings to the store, off the loop. Where the disk fails, this process alone remembers."""

    def __init__(self, store: GuardStore) -> None:
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, who: tuple[str, str, str], _: int) -> None:
        """Keep the landing of this key, run and agent. Returns at once."""
        task = asyncio.ensure_future(self._keep(*who))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def rest(self) -> None:
        """Return when all that was told is kept."""
        await asyncio.gather(*self._tasks)

    async def _keep(self, key: str, run: str, agent: str) -> None:
        try:
            await asyncio.to_thread(lambda: self._store.land(run, agent=agent, owner=key))
        except LedgerUnavailable as error:
            log.warning("the last answer of run %s is remembered until this process ends, no longer: %s", run, error)
