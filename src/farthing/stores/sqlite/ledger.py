"""The durable ledger: one file, one writer thread for each process, acknowledged means fsynced."""

import asyncio
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from farthing.domain.budget import AccountKey, Budget, Grant, Standing
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.hold import Declined, Loss, Reserve, Reserved, Settlement, Short, Void
from farthing.domain.record import CallClosing, CallOpening
from farthing.stores.commit_times import CommitTimes
from farthing.stores.sqlite.connect import Connect
from farthing.stores.sqlite.writing.place import Place
from farthing.stores.sqlite.writing.requests import Adoption, Freed, Notice, Refusal, Request, Withdrawal
from farthing.stores.sqlite.writing.shift import Shift
from farthing.stores.sqlite.writing.writer import Writer
from farthing.stores.ticket import AnyTicket, Correction, Flush, Look, Result, ThreadTicket, Ticket


def wall_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class SqliteLedger:
    """`farthing.ports.ledger.Ledger` on SQLite. Safe from several threads, event loops and, after fork, processes.

    Balances are rows that are current at every commit, so opening reads only open holds, however long the history.
    """

    def __init__(self, shift: Shift) -> None:
        """Use `open`."""
        self._shift = shift
        self._writer: Writer[Request] | None = None
        self._start_lock = threading.Lock()
        self._closed = False
        _ledgers.add(self)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Callable[[], int] = wall_ms,
        what: str = "serve",
        unknown_after_ms: int = 600_000,
        connect: Connect = sqlite3.connect,
        on_directory_change: Callable[[], None] | None = None,
    ) -> "SqliteLedger":
        """Open or make the file, become an owner in it, and make dead owners' holds unknown.

        `unknown_after_ms` is how long their outcome may still be reported before a policy charges it.
        `on_directory_change` is called from the writer thread when stored keys, budgets, grants or gates changed.
        Raises StoreBroken with what to do.
        """
        place = Place(
            path=path,
            clock=clock,
            what=what,
            unknown_after_ms=unknown_after_ms,
            connect=connect,
            on_directory_change=on_directory_change,
        )
        shift = Shift(place)
        shift.begin()
        ledger = cls(shift)
        ledger._start()
        return ledger

    @property
    def slot(self) -> int:
        """This owner's slot, for `Mint`. Another one after a fork."""
        self._start()
        return self._shift.slot

    @property
    def commits(self) -> int:
        """Batches made durable so far, for those who measure."""
        return self._shift.commits

    @property
    def commit_times(self) -> CommitTimes:
        """How long they took."""
        return self._shift.commit_times

    async def reserve(self, ask: Reserve) -> Reserved | Short | Declined:
        return cast("Reserved | Short | Declined", await self._ask(Ticket(ask)))

    def reserve_blocking(self, ask: Reserve) -> Reserved | Short | Declined:
        """As `reserve`, for a thread without an event loop."""
        return cast("Reserved | Short | Declined", self._ask_blocking(ThreadTicket(ask)))

    async def adjust(self, settlement: Settlement, by: str, reason: str) -> bool:
        """Correct an attempt that has ended, or settle one whose outcome is unknown, by an adjusting, audited entry.

        False where there is no such attempt or it is still in flight.
        """
        return cast("bool", await self._ask(Ticket(Correction(settlement, by, reason))))

    def adjust_blocking(self, settlement: Settlement, by: str, reason: str) -> bool:
        """As `adjust`, for a thread without an event loop."""
        return cast("bool", self._ask_blocking(ThreadTicket(Correction(settlement, by, reason))))

    async def flush(self) -> None:
        await self._ask(Ticket(Flush()))

    def flush_blocking(self) -> None:
        """As `flush`, for a thread without an event loop."""
        self._ask_blocking(ThreadTicket(Flush()))

    def settle(self, settlement: Settlement) -> None:
        self._tell(settlement)

    def void(self, void: Void) -> None:
        self._tell(void)

    def lose(self, loss: Loss) -> None:
        self._tell(loss)

    def refuse(self, opening: CallOpening, closing: CallClosing) -> None:
        self._tell(Refusal(opening, closing))

    def close_call(self, closing: CallClosing) -> None:
        self._tell(closing)

    def adopt(self, budgets: Sequence[Budget], grants: Sequence[Grant] = ()) -> None:
        adoption = Adoption(tuple(budgets), tuple(grants))
        self._shift.adopted = adoption
        self._start().submit(adoption)

    def standing(self, key: AccountKey) -> Standing | None:
        return self._shift.book.standing(key)

    def left(self, key: AccountKey) -> int | None:
        return self._shift.book.left(key)

    async def look(self, keys: Sequence[AccountKey]) -> tuple[Standing, ...]:
        return cast("tuple[Standing, ...]", await self._ask(Ticket(Look(tuple(keys)))))

    def free_landing(self, window: str) -> None:
        self._tell(Freed(window))

    def sweep_now(self) -> None:
        """Recover dead owners' holds and charge what is due, now instead of at the next round. Returns when done."""
        self._shift.sweep_soon()
        self.flush_blocking()

    async def close(self) -> None:
        """Make everything queued durable and leave the file. Holds still open are recovered as unknown by others."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """As `close`, from any thread; blocks for one commit. Safe to call twice."""
        with self._start_lock:
            self._closed = True
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.stop()
            self._shift.end()

    async def _ask(self, ticket: Ticket) -> Result:
        self._start().submit(ticket)
        try:
            return await ticket.future
        except asyncio.CancelledError:
            self._withdraw(ticket)
            raise

    def _ask_blocking(self, ticket: ThreadTicket) -> Result:
        self._start().submit(ticket)
        try:
            ticket.wait()
        except BaseException:
            self._withdraw(ticket)
            raise
        return ticket.result()

    def _withdraw(self, ticket: AnyTicket) -> None:
        ticket.withdrawn = True
        if isinstance(ticket.ask, Reserve) and not self._closed:
            self._start().submit(Withdrawal(ticket))

    def _tell(self, notice: Notice) -> None:
        self._start().submit_later(notice)

    def _start(self) -> Writer[Request]:
        """The running writer; a forked child becomes an owner of its own here."""
        writer = self._writer
        if writer is not None:
            return writer
        with self._start_lock:
            if self._closed:
                raise LedgerUnavailable("the ledger is closed")
            if self._writer is None:
                self._shift.begin()
                self._writer = Writer(self._shift.turn, name="farthing-ledger")
            return self._writer

    def _start_over(self) -> None:
        """In a forked child: the thread did not come along, and the parent's holds are the parent's."""
        self._start_lock = threading.Lock()
        self._writer = None
        self._shift = self._shift.afresh()

    def _hold_still(self) -> None:
        """Before a fork: no connection may live through it, or SQLite would take the parent's locks for the child's."""
        self._shift.pause()

    def _go_on(self) -> None:
        """After a fork, in the parent."""
        self._shift.resume()


_ledgers: "weakref.WeakSet[SqliteLedger]" = weakref.WeakSet()


_holding_still: "list[SqliteLedger]" = []


def _before_fork() -> None:
    for ledger in tuple(_ledgers):
        ledger._hold_still()  # noqa: SLF001 - these are functions of the class in all but name
        _holding_still.append(ledger)


def _after_fork_in_parent() -> None:
    while _holding_still:
        _holding_still.pop()._go_on()  # noqa: SLF001


def _after_fork_in_child() -> None:
    _holding_still.clear()
    for ledger in tuple(_ledgers):
        ledger._start_over()  # noqa: SLF001


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
