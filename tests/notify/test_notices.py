"""Events wait without anybody waiting for them, and none is forgotten because a disk was full for a while."""

import asyncio
import logging

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.notify.notices import MOST, Notices
from farthing.ports.alerts import Event
from farthing.stores.memory.alerts import MemoryOutbox
from support.alerting import NOON


class Flaky(MemoryOutbox):
    down = True

    def note(self, *events):
        if self.down:
            raise LedgerUnavailable("no disk")
        super().note(*events)


def loop_of(subject, at_ms=NOON, detail=""):
    return Event(kind="loop", subject=subject, detail=detail, at_ms=at_ms)


def kept(outbox):
    return [(event.subject, event.detail) for event in outbox.events("loop", 0)]


def test_the_bell_rings_and_each_subject_is_kept_once_with_its_newest_detail():
    async def main():
        notices, outbox = Notices(), MemoryOutbox()
        assert not notices.bell.is_set()
        for number in range(3):
            notices.add(loop_of("a", detail=str(number)))
        notices.add(loop_of("b"))
        assert notices.bell.is_set()
        await notices.keep(outbox)
        assert kept(outbox) == [("a", "2"), ("b", "")]
        await notices.keep(outbox)
        assert len(kept(outbox)) == 2

    asyncio.run(main())


def test_while_the_store_is_down_they_wait_and_the_newest_wins():
    async def main():
        notices, outbox = Notices(), Flaky()
        notices.add(loop_of("a", detail="old"))
        notices.add(loop_of("b"))
        with pytest.raises(LedgerUnavailable):
            await notices.keep(outbox)
        notices.add(loop_of("a", detail="new"))
        outbox.down = False
        await notices.keep(outbox)
        assert sorted(kept(outbox)) == [("a", "new"), ("b", "")]

    asyncio.run(main())


def test_a_flood_of_subjects_is_bounded_and_said(caplog):
    async def main():
        notices, outbox = Notices(), Flaky()
        for number in range(MOST + 7):
            notices.add(loop_of(f"s{number}"))
        with pytest.raises(LedgerUnavailable):
            await notices.keep(outbox)
        outbox.down = False
        await notices.keep(outbox)
        assert len(kept(outbox)) == MOST

    with caplog.at_level(logging.WARNING, "farthing.alerts"):
        asyncio.run(main())
    assert "7 events of further subjects are lost" in caplog.text


def test_what_waited_while_the_store_was_down_is_bounded_too():
    async def main():
        notices, outbox = Notices(), Flaky()
        for number in range(MOST):
            notices.add(loop_of(f"s{number}"))

        def meanwhile(*events):
            loop.call_soon_threadsafe(lambda: [notices.add(loop_of(f"t{number}")) for number in range(MOST)])
            raise LedgerUnavailable("no disk")

        loop = asyncio.get_running_loop()
        outbox.note = meanwhile
        with pytest.raises(LedgerUnavailable):
            await notices.keep(outbox)
        assert len(notices._waiting) == MOST

    asyncio.run(main())
