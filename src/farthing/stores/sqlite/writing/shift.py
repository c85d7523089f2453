"""A writer's shift: turn after turn, what is due is done, what was asked is decided, and failures fail closed."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence

from farthing.budgets.account import Balance
from farthing.budgets.book import Book
from farthing.domain.budget import AccountKey
from farthing.domain.errors import FarthingError, LedgerUnavailable, StoreBroken
from farthing.domain.hold import Reserve
from farthing.stores.commit_times import CommitTimes
from farthing.stores.sqlite.connect import open_writer
from farthing.stores.sqlite.owners import Owner, lock_if_dead
from farthing.stores.sqlite.statements import sql
from farthing.stores.sqlite.writing.backlog import Backlog
from farthing.stores.sqlite.writing.checkpoint import Checkpointer
from farthing.stores.sqlite.writing.desk import Desk
from farthing.stores.sqlite.writing.place import Place
from farthing.stores.sqlite.writing.requests import Adoption, Request, Withdrawal
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


class Shift:
    """Everything the writer thread owns: connection, owner, book and desk. `turn` is its only work and never raises."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.book = Book(self._fetch)
        self.adopted = Adoption((), ())
        """The limits last given, for a start over."""
        self.commits = 0
        self.commit_times = CommitTimes()
        self._at_work = threading.RLock()
        self._desk: Desk | None = None
        self._owner: Owner | None = None
        self._backlog = Backlog()
        self._checkpointer = Checkpointer(place.path, connect=place.connect)
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
        connection = open_writer(self.place.path, connect=self.place.connect)
        try:
            self._begin_on(connection)
        except BaseException as error:
            connection.close()
            self._desk = None
            self._release()
            if isinstance(error, sqlite3.Error):
                raise StoreBroken(f"{self.place.path} cannot be used now ({error}); try again") from error
            raise

    def _begin_on(self, connection: sqlite3.Connection) -> None:
        place = self.place
        self._owner = Owner.acquire(place.path, connection, what=place.what, now_ms=place.clock())
        desk = self._desk = Desk(self.book, self._owner.slot, place.clock)
        desk.use(connection)
        desk.presume_lost(self._owner.slot, place.clock() + place.unknown_after_ms)
        self._sweep(desk)
        self._directory_version = desk.directory_version

    def _release(self) -> None:
        if self._owner is not None:
            self._owner.release()
            self._owner = None

    def end(self) -> None:
        """Leave the file. The writer thread must have ended."""
        if self._backlog:
            self._probe_at = 0
            self.turn([])
        if self._backlog:
            _log.error("%d changes could not be written before closing; their holds become unknown", len(self._backlog))
        if self._desk is not None:
            error = LedgerUnavailable("the ledger was closed")
            hand_out((ticket, error) for ticket in self._desk.waiting.values())
            self._desk.disconnect()
        self._checkpointer.stop()
        self._release()

    def afresh(self) -> "Shift":
        """A shift for a forked child: same file and limits, nothing else in common."""
        child = Shift(self.place)
        child.adopted = self.adopted
        child.book.adopt(*self.adopted)
        return child

    def pause(self) -> None:
        """Before a fork: wait for the turn to end and close the connection, until `resume`."""
        self._at_work.acquire()
        if self._desk is not None:
            self._desk.disconnect()

    def resume(self) -> None:
        self._at_work.release()

    def _fetch(self, key: AccountKey) -> Balance:
        assert self._desk is not None
        return self._desk.fetch(key)

    def sweep_soon(self) -> None:
        """Sweep in the next turn."""
        self._sweep_at = 0

    def turn(self, requests: list[Request]) -> float:
        """Do what was asked and what is due. Returns the seconds until the next turn is wanted at the latest."""
        with self._at_work:
            now = _steady_ms()
            requests = [*self._backlog.take(), *requests]
            desk = self._usable_desk(now)
            if desk is not None and now >= self._sweep_at:
                self._sweep_at = now + SWEEP_MS  # first: who asks for a sweep during this one wants another
                self._safely(lambda: self._sweep(desk))
            if desk is None or self._broken:
                self._refuse_all(requests)
                return PROBE_MS / 1000
            if requests or self._somebody_may_go(desk, now):
                self._decide(desk, requests, now)
            if now >= self._look_at and not self._broken:
                self._safely(desk.look)
                self._look_at = now + IDLE_MS
            self._tell_of_directory(desk)
            return self._pause_after(now)

    def _safely(self, act: Callable[[], None]) -> None:
        """Housekeeping that fails is a failure like any other: nothing remembered is believed after it."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever it was, the thread that counts money must go on
            self._fail((), (), error)

    def _somebody_may_go(self, desk: Desk, now: int) -> bool:
        deadline = self.book.next_deadline()
        return bool(desk.waiting) and (desk.outdated() or (deadline is not None and deadline <= now))

    def _pause_after(self, now: int) -> float:
        if self._broken:
            return PROBE_MS / 1000
        deadline = self.book.next_deadline()
        if deadline is None:
            return IDLE_MS / 1000
        return max(1, min(CROWDED_MS, deadline - now)) / 1000

    def _decide(self, desk: Desk, requests: Sequence[Request], now: int) -> None:
        began = time.perf_counter_ns()
        try:
            answers = desk.decide(requests, now)
            self.commit_times.add(time.perf_counter_ns() - began)
            self._answer(answers)
            self.commits += 1
            self._checkpointer.committed(desk.connection)
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
                self._backlog.keep([request])
        if self._desk is not None:
            self._leave_queue(self._desk, requests)
        self._failed.update(ticket.ask.opening.id for ticket in tickets.values() if isinstance(ticket.ask, Reserve))
        self._broken = f"the ledger cannot be written now ({error}); nothing was sent"
        self._probe_at = _steady_ms() + PROBE_MS
        _log.error("%s", self._broken)
        self._answer([(ticket, LedgerUnavailable(self._broken)) for ticket in tickets.values()])

    def _refuse_all(self, requests: Sequence[Request]) -> None:
        error = LedgerUnavailable(self._broken)
        waiting = list(self._desk.waiting.values()) if self._desk is not None else []
        asked = [request for request in requests if isinstance(request, Ticket | ThreadTicket)]
        self._backlog.keep(request for request in requests if not isinstance(request, Ticket | ThreadTicket))
        if self._desk is not None:
            self._leave_queue(self._desk, waiting)
        self._answer([(ticket, error) for ticket in (*waiting, *asked)])

    def _usable_desk(self, now: int) -> Desk | None:
        """The desk, after a failure only once a write succeeded on a new connection and the book was read again."""
        assert self._desk is not None
        if self._desk.connected and not self._broken:
            return self._desk
        if now < self._probe_at:
            return None
        try:
            return self._reopen()
        except (sqlite3.Error, FarthingError) as error:
            self._desk.disconnect()
            self._broken = f"the ledger cannot be written now ({error}); nothing was sent"
            self._probe_at = now + PROBE_MS
            return None

    def _reopen(self) -> Desk:
        """A failed fsync is never tried again on the same connection: what it left behind is unknowable there."""
        assert self._desk is not None
        desk = self._desk
        desk.disconnect()
        connection = open_writer(self.place.path, connect=self.place.connect)
        desk.use(connection)
        connection.execute(sql("probe"), (str(self.place.clock()),))
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

    # What time brings

    def _sweep(self, desk: Desk) -> None:
        due_ms = self.place.clock() + self.place.unknown_after_ms
        for slot in desk.owners():
            with lock_if_dead(self.place.path, slot) as dead:
                if dead:
                    desk.presume_lost(slot, due_ms)
        desk.charge_due(self.place.clock())

    def _tell_of_directory(self, desk: Desk) -> None:
        if desk.directory_version == self._directory_version:
            return
        self._directory_version = desk.directory_version
        if self.place.on_directory_change is not None:
            try:
                self.place.on_directory_change()
            except Exception:  # noqa: BLE001 - a listener's fault is not the ledger's
                _log.exception("nobody could be told that the directory changed")

    def _answer(self, answers: Sequence[tuple[AnyTicket, Outcome]]) -> None:
        lost = hand_out(answers)
        for ticket in lost:
            ticket.withdrawn = True
        self._backlog.keep(Withdrawal(ticket) for ticket in lost if isinstance(ticket.ask, Reserve))


def _steady_ms() -> int:
    return time.monotonic_ns() // 1_000_000
