"""Who has had a last answer is kept in the store, without anybody waiting for the disk."""

import asyncio
import logging

from farthing.config.landings import KeptLandings
from farthing.domain.errors import LedgerUnavailable
from farthing.stores.memory.guards import MemoryGuards


def test_what_is_told_is_in_the_store_after_a_rest():
    store = MemoryGuards(now_ms=lambda: 7)

    async def tell():
        kept = KeptLandings(store)
        kept.tell(("bot", "r1", "a"), 5)
        kept.tell(("bot", "r1", "b"), 6)
        await kept.rest()

    asyncio.run(tell())
    (run,) = store.known().runs
    assert (run.name, run.owner, set(run.landed)) == ("r1", "bot", {"a", "b"})


def test_a_disk_that_fails_is_logged_and_stops_nothing(caplog):
    class Failing(MemoryGuards):
        def land(self, name, *, agent, owner=""):
            raise LedgerUnavailable("the disk is full")

    async def tell():
        kept = KeptLandings(Failing(now_ms=lambda: 7))
        kept.tell(("bot", "r1", ""), 5)
        await kept.rest()

    with caplog.at_level(logging.WARNING, "farthing.gateway"):
        asyncio.run(tell())
    assert "the disk is full" in caplog.text
