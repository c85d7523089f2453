"""A writer's shift: turn after turn, what is due is done, what was asked is decided, and failures fail closed."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from farthing.budget.account import Balance
from farthing.budget.book import Book
from farthing.domain.budget import AccountKey
from farthing.domain.errors import FarthingError, LedgerUnavailable, StoreBroken
from farthing.domain.hold import Reserve
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.desk import Desk
from farthing.stores.sqlite.journal import Disagreement
from farthing.stores.sqlite.owners import Owner, lock_if_dead
from farthing.stores.sqlite.requests import Adoption, Request, Withdrawal
from farthing.stores.sqlite.statements import sql
from farthing.stores.ticket import AnyTicket, Outcome, ThreadTicket, Ticket, hand_out

IDLE_MS = 500
"""How often an idle process looks whether another one changed the file."""
CROWDED_MS = 20
"""The same while somebody waits here for money that another process may free."""
SWEEP_MS = 2_000
"""How often dead owners are recovered and due outcomes charged."""
PROBE_MS = 250
"""How often a file that could not be written is tried again."""

_log = logging.getLogger("farthing.ledger")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a shift works, and what it is told about the world."""

    path: Path
    clock: Callable[[], int]
    """Milliseconds since 1970."""
    what: str = "serve"
    unknown_after_ms: int = 600_000
    connect: Connect = sqlite3.connect
    on_directory_change: Callable[[], None] | None = None


class Shift:
    """Everything the writer thread owns: connection, owner, book and desk. `turn` is its only work and never raises."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.book = Book(self._fetch)
        self.adopted = Adoption((), ())
        """The limits last given, for a start over."""
        self.commits = 0
        self._at_work = threading.RLock()
        self._desk: Desk | None = None
        self._owner: Owner | None = None
        self._kept: list[Request] = []
        """Notices of a batch that could not be committed: tried again before anything else."""
        self._failed: set[int] = set()
        """Attempts that were told they hold nothing, whatever the file turns out to say."""
        self._broken = ""
        self._probe_at = 0
        self._sweep_at = 0
        self._look_at = 0
        self._directory_version = 0

    @property
    def slot(self) -> int:
        assert self._owner is not None
        return self._owner.slot

    def begin(self) -> None:
        """Open the file and become an owner, unless that was done; then put the past in order. Raises StoreBroken."""
        if self._owner is not None:
            return
        connection = open_database(self.place.path, connect=self.place.connect)
        try:
            self._owner = Owner.acquire(self.place.path, connection, what=self.place.what, now_ms=self.place.clock())
            self._desk = Desk(self.book, self._owner.slot, self.place.clock)
            self._desk.use(connection)
            self._desk.presume_lost(self._owner.slot, self.place.clock() + self.place.unknown_after_ms)
            self._sweep(self._desk)
        except BaseException:
            connection.close()
            self._desk = None
            if self._owner is not None:
                self._owner.release()
                self._owner = None
            raise
        self._directory_version = self._desk.directory_version

    def end(self) -> None:
        """Leave the file. The writer thread must have ended."""
        if self._kept:
            self._probe_at = 0
            self.turn([])
        waiting = list(self._desk.waiting.values()) if self._desk is not None else []
        hand_out((ticket, LedgerUnavailable("the ledger was closed")) for ticket in waiting)
        if self._kept:
            _log.error("%d changes could not be written before closing: their holds become unknown", len(self._kept))
        self._close_connection()
        if self._owner is not None:
            self._owner.release()
            self._owner = None

    def afresh(self) -> "Shift":
        """A shift for a forked child: same file and limits, nothing else in common."""
        child = Shift(self.place)
        child.adopted = self.adopted
        child.book.adopt(*self.adopted)
        return child

    def pause(self) -> None:
        """Before a fork: wait for the turn to end and close the connection, until `resume`."""
        self._at_work.acquire()
        self._close_connection()

    def resume(self) -> None:
        self._at_work.release()

    def _fetch(self, key: AccountKey) -> Balance:
        assert self._desk is not None
        return self._desk.fetch(key)

    def sweep_soon(self) -> None:
        """Sweep in the next turn."""
        self._sweep_at = 0

    # One turn

    def turn(self, requests: list[Request]) -> float:
        """Do what was asked and what is due. Returns the seconds until the next turn is wanted at the latest."""
        with self._at_work:
            now = _steady_ms()
            requests = self._kept + requests
            self._kept = []
            desk = self._usable_desk(now)
            if desk is None:
                self._refuse_all(requests)
                return PROBE_MS / 1000
            if now >= self._sweep_at:
                self._sweep_safely(desk, now)
            if requests or self._somebody_may_go(desk, now):
                self._decide(desk, requests, now)
            self._tell_of_directory(desk, now)
            return self._pause_after(now)

    def _somebody_may_go(self, desk: Desk, now: int) -> bool:
        if not desk.waiting:
            return False
        deadline = self.book.next_deadline()
        return desk.outdated() or (deadline is not None and deadline <= now)

    def _pause_after(self, now: int) -> float:
        if self._broken:
            return PROBE_MS / 1000
        deadline = self.book.next_deadline()
        if deadline is None:
            return IDLE_MS / 1000
        return max(1, min(CROWDED_MS, deadline - now)) / 1000

    def _decide(self, desk: Desk, requests: Sequence[Request], now: int) -> None:
        try:
            self._answer(desk.decide(requests, now))
            self.commits += 1
        except sqlite3.OperationalError as error:
            self._fail(requests, desk.answers, error)
        except Exception as error:  # noqa: BLE001 - one request that cannot be written must not take others with it
            _log.warning("a batch could not be written, trying its parts: %r", error)
            self._one_by_one(desk, requests, now)

    def _one_by_one(self, desk: Desk, requests: Sequence[Request], now: int) -> None:
        again = list(requests) + [ticket for ticket, _ in desk.answers if ticket not in requests]
        for place, request in enumerate(again):
            try:
                desk.forget(self._failed)
                self._leave_queue(desk, again[place:])
                self._answer(desk.decide([request], now))
            except sqlite3.OperationalError as error:
                self._fail(again[place:], desk.answers, error)
                return
            except Exception as error:  # noqa: BLE001 - as above; this is the one
                self._drop(request, error)
        self._recover(desk)

    def _drop(self, request: Request, error: Exception) -> None:
        """A request that can never be written. Its hold, if it has one, stays: nothing becomes free."""
        if isinstance(request, Ticket | ThreadTicket):
            self._answer([(request, LedgerUnavailable(f"this request cannot be recorded: {error!r}"))])
        else:
            _log.error("cannot be recorded and is dropped: %r: %r", error, request)

    # Failure

    def _fail(
        self, requests: Sequence[Request], answers: Sequence[tuple[AnyTicket, Outcome]], error: Exception
    ) -> None:
        """The file could not be written: whoever asked is told so, notices are kept, nothing is believed."""
        tickets = {id(ticket): ticket for ticket, _ in answers}
        for request in requests:
            if isinstance(request, Ticket | ThreadTicket):
                tickets[id(request)] = request
            else:
                self._kept.append(request)
        if self._desk is not None:
            self._leave_queue(self._desk, requests)
        self._failed.update(ticket.ask.opening.id for ticket in tickets.values() if isinstance(ticket.ask, Reserve))
        self._broken = f"the ledger cannot be written now ({error}); nothing was sent"
        self._probe_at = 0 if _is_busy(error) else _steady_ms() + PROBE_MS
        _log.error("%s", self._broken)
        self._answer([(ticket, LedgerUnavailable(self._broken)) for ticket in tickets.values()])

    def _refuse_all(self, requests: Sequence[Request]) -> None:
        error = LedgerUnavailable(self._broken)
        waiting = list(self._desk.waiting.values()) if self._desk is not None else []
        asked = [request for request in requests if isinstance(request, Ticket | ThreadTicket)]
        self._kept += [request for request in requests if not isinstance(request, Ticket | ThreadTicket)]
        if self._desk is not None:
            self._leave_queue(self._desk, waiting)
        self._answer([(ticket, error) for ticket in (*waiting, *asked)])

    def _usable_desk(self, now: int) -> Desk | None:
        """The desk, after a failure only once a write succeeded on a new connection and the book was read again."""
        if self._desk is not None and self._desk.connected and not self._broken:
            return self._desk
        if now < self._probe_at:
            return None
        try:
            return self._reopen()
        except (sqlite3.Error, FarthingError) as error:
            self._close_connection()
            self._broken = f"the ledger cannot be written now ({error}); nothing was sent"
            self._probe_at = now + PROBE_MS
            return None

    def _reopen(self) -> Desk:
        """A failed fsync is never tried again on the same connection: what it left behind is unknowable there."""
        assert self._desk is not None
        self._close_connection()
        connection = open_database(self.place.path, connect=self.place.connect)
        connection.execute(sql("probe"), (str(self.place.clock()),))
        desk = self._desk
        desk.use(connection)
        self._recover(desk)
        self._broken = ""
        return desk

    def _recover(self, desk: Desk) -> None:
        desk.forget(self._failed)
        self._failed.clear()

    def _leave_queue(self, desk: Desk, requests: Sequence[Request]) -> None:
        for request in requests:
            if isinstance(request, Ticket | ThreadTicket) and isinstance(request.ask, Reserve):
                desk.leave_queue(request.ask.opening.id)

    def _close_connection(self) -> None:
        if self._desk is not None:
            self._desk.disconnect()

    # What time brings

    def _sweep_safely(self, desk: Desk, now: int) -> None:
        self._sweep_at = now + SWEEP_MS
        try:
            self._sweep(desk)
        except (sqlite3.Error, Disagreement, StoreBroken) as error:
            self._fail((), (), error)

    def _sweep(self, desk: Desk) -> None:
        due_ms = self.place.clock() + self.place.unknown_after_ms
        for slot in desk.owners():
            with lock_if_dead(self.place.path, slot) as dead:
                if dead:
                    desk.presume_lost(slot, due_ms)
        desk.charge_due(self.place.clock())

    def _tell_of_directory(self, desk: Desk, now: int) -> None:
        if now >= self._look_at:
            self._look_at = now + IDLE_MS
            try:
                desk.look()
            except sqlite3.Error as error:
                self._fail((), (), error)
        if desk.directory_version != self._directory_version:
            self._directory_version = desk.directory_version
            if self.place.on_directory_change is not None:
                self.place.on_directory_change()

    def _answer(self, answers: Sequence[tuple[AnyTicket, Outcome]]) -> None:
        lost = hand_out(answers)
        for ticket in lost:
            ticket.withdrawn = True
        self._kept += [Withdrawal(ticket) for ticket in lost if isinstance(ticket.ask, Reserve)]


def _steady_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
