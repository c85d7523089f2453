"""Who has had a last answer is in the store before that call is sent, and out of it again where nothing was billed."""

import asyncio
import logging

from farthing.config.landings import KeptLandings
from farthing.domain.errors import LedgerUnavailable
from farthing.stores.memory.guards import MemoryGuards

WHO = ("bot", "r1", "a")


def store():
    return MemoryGuards(now_ms=lambda: 7)


def test_what_is_kept_is_in_the_store_when_it_is_sent_and_only_once():
    guards = store()

    async def keep():
        kept = KeptLandings(guards)
        return await kept.keep(WHO), await kept.keep(("bot", "r1", "b")), await kept.keep(WHO)

    assert asyncio.run(keep()) == (True, True, False)
    (run,) = guards.known().runs
    assert (run.name, run.owner, set(run.landed)) == ("r1", "bot", {"a", "b"})


def test_what_is_given_back_may_be_kept_again_at_once():
    async def again():
        kept = KeptLandings(store())
        await kept.keep(WHO)
        kept.give_back(WHO)
        return await kept.keep(WHO)

    assert asyncio.run(again())


def test_a_disk_that_fails_is_logged_and_stops_nothing(caplog):
    class Failing(MemoryGuards):
        def land(self, name, *, agent, owner=""):
            raise LedgerUnavailable("the disk is full")

        def unland(self, name, *, agent):
            raise LedgerUnavailable("the disk is full")

    async def land():
        kept = KeptLandings(Failing(now_ms=lambda: 7))
        goes = await kept.keep(WHO)
        kept.give_back(WHO)
        await kept.rest()
        return goes

    with caplog.at_level(logging.WARNING, "farthing.gateway"):
        assert asyncio.run(land())
    assert caplog.text.count("the disk is full") == 2
