"""What happened and is still to be kept: events wait here, so that whoever notes one never waits for a disk."""

import asyncio
import logging
from collections.abc import Iterable

from farthing.domain.errors import LedgerUnavailable
from farthing.notify.thread import to_its_end
from farthing.ports.alerts import Event, Outbox

log = logging.getLogger("farthing.alerts")

MOST = 1_000
"""Subjects that wait at one time. A caller who invents more of them while the store is down is not remembered."""


class Notices:
    """Events on their way to the outbox, one for each kind and subject: the newest. All on one event loop.

    `bell` is rung by each, so that rules are looked at soon.
    """

    def __init__(self) -> None:
        self.bell = asyncio.Event()
        self._waiting: dict[tuple[str, str], Event] = {}
        self._lost = 0

    def add(self, event: Event) -> None:
        """Returns at once."""
        what = event.kind, event.subject
        if what not in self._waiting and len(self._waiting) >= MOST:
            self._lost += 1
            return
        self._waiting[what] = event
        self.bell.set()

    async def keep(self, outbox: Outbox) -> None:
        """Move what waits to the outbox. Raises LedgerUnavailable, and then it still waits."""
        taken, self._waiting = self._waiting, {}
        if not taken:
            return
        try:
            await to_its_end(outbox.note, *taken.values())
        except LedgerUnavailable:
            self._put_back(taken.values())
            raise
        if self._lost:
            log.warning("%d events of further subjects are lost: the store could not be written", self._lost)
            self._lost = 0

    def _put_back(self, events: Iterable[Event]) -> None:
        newer, self._waiting = self._waiting, {}
        for event in (*newer.values(), *events):
            if len(self._waiting) < MOST:
                self._waiting.setdefault((event.kind, event.subject), event)
            else:
                self._lost += (event.kind, event.subject) not in self._waiting
