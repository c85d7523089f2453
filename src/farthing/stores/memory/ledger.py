"""The ledger in memory: the same decisions as any other, lost with the process. For runs, tests and the SDK's default."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import cast

from farthing.budgets.book import Book
from farthing.domain.budget import AccountKey, Budget, Grant, Standing
from farthing.domain.hold import Declined, Loss, Reserve, Reserved, Settlement, Short, Void
from farthing.domain.record import CallClosing, CallOpening
from farthing.ports.directory import Gate
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.records import Records
from farthing.stores.ticket import AnyTicket, ThreadTicket, Ticket, hand_out


def wall_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """Milliseconds of a clock that never jumps."""
    return time.monotonic_ns() // 1_000_000


class MemoryLedger:
    """`farthing.ports.ledger.Ledger` without durability. Safe from several threads and event loops at once."""

    def __init__(
        self,
        *,
        clock: Callable[[], int] = wall_ms,
        steady: Callable[[], int] = steady_ms,
        keep: int = 100_000,
        directory: MemoryDirectory | None = None,
    ) -> None:
        """`clock` tells when unknown outcomes are due, `steady` measures waits; `keep` is how many calls are remembered.

        Limits and gates of the `directory` bind, as they stand in it at each decision; gates that close are told to it.
        """
        self.records = Records(keep)
        """Rows of the calls and attempts, for whoever shows them."""
        self._book = Book()
        self._clock = clock
        self._steady = steady
        self._directory = directory
        self._directory_version = 0
        self._lock = threading.Lock()
        self._waiting: dict[int, AnyTicket] = {}

    async def reserve(self, ask: Reserve) -> Reserved | Short | Declined:
        ticket = Ticket(ask)
        outcome = self._ask(ask, ticket)
        if outcome is not None:
            return outcome
        self._set_alarm(ticket, ask.opening.id, ask.wait_ms / 1000)
        try:
            return cast("Reserved | Short | Declined", await ticket.future)
        except asyncio.CancelledError:
            self._withdraw(ask)
            raise

    def reserve_blocking(self, ask: Reserve) -> Reserved | Short | Declined:
        """As `reserve`, for a thread without an event loop."""
        ticket = ThreadTicket(ask)
        outcome = self._ask(ask, ticket)
        if outcome is not None:
            return outcome
        try:
            while not ticket.wait(ask.wait_ms / 1000):
                self.tick()
        except BaseException:
            self._withdraw(ask)
            raise
        return cast("Reserved | Short | Declined", ticket.result())

    def settle(self, settlement: Settlement) -> None:
        with self._lock:
            ended = self._book.settle(settlement)
            if ended is not None:
                self.records.settled(ended.tell(settlement), ended)
            self._close_gate(settlement.overran, settlement.attempt)
            self.records.closed(settlement.closing)
            self._after()

    async def adjust(self, settlement: Settlement, by: str, reason: str) -> bool:
        """Correct an attempt that has ended, or settle one whose outcome is unknown, by an adjusting entry.

        False where there is no such attempt or it is still in flight.
        """
        return self.adjust_blocking(settlement, by, reason)

    def adjust_blocking(self, settlement: Settlement, by: str, reason: str) -> bool:
        """As `adjust`, for a thread without an event loop."""
        with self._lock:
            attempt = self.records.attempts.get(settlement.attempt)
            if attempt is None or attempt.state == "held":
                return False
            if attempt.state == "unknown":
                ended = self._book.settle(settlement)
                assert ended is not None, "an unknown hold can be settled"
                settlement, posted = ended.tell(settlement), ended.posted
            else:
                posted = self._book.correct(attempt.parts, attempt.posted, settlement.spent)
            self.records.adjusted(settlement, posted, by, reason)
            self.records.closed(settlement.closing)
            self._after()
            return True

    def void(self, void: Void) -> None:
        with self._lock:
            ended = self._book.void(void)
            if ended is not None:
                self.records.voided(void.reason, ended, void.at_ms)
            self.records.closed(void.closing)
            self._after()

    def lose(self, loss: Loss) -> None:
        with self._lock:
            hold = self._book.lose(loss)
            if hold is not None:
                self.records.lost(loss)
            self._close_gate(loss.overran, loss.attempt)
            self.records.closed(loss.closing)
            self._after()

    def refuse(self, opening: CallOpening, closing: CallClosing) -> None:
        with self._lock:
            self.records.opened(opening)
            self.records.closed(closing)

    def close_call(self, closing: CallClosing) -> None:
        with self._lock:
            self.records.closed(closing)

    def adopt(self, budgets: Sequence[Budget], grants: Sequence[Grant] = ()) -> None:
        with self._lock:
            self._book.adopt(budgets, grants)
            self._after()

    def standing(self, key: AccountKey) -> Standing | None:
        return self._book.standing(key)

    def left(self, key: AccountKey) -> int | None:
        return self._book.left(key)

    async def look(self, keys: Sequence[AccountKey]) -> tuple[Standing, ...]:
        with self._lock:
            self._after()
            return tuple(self._book.account(key).standing() for key in keys)

    def free_landing(self, window: str) -> None:
        with self._lock:
            self._book.free_landing(window)
            self._after()

    async def flush(self) -> None:
        """Nothing is queued here."""

    def tick(self) -> None:
        """Let time take effect: end waits that are over and charge unknown outcomes that are due."""
        with self._lock:
            self._after()

    def _ask(self, ask: Reserve, ticket: AnyTicket) -> Reserved | Short | Declined | None:
        with self._lock:
            self._after()
            outcome = self._book.reserve(ask, self._steady())
            if isinstance(outcome, Reserved):
                self.records.held(ask, outcome, self._book.holds[ask.opening.id])
            elif outcome is None:
                self._waiting[ask.opening.id] = ticket
            self._after()
            return outcome

    def _set_alarm(self, ticket: Ticket, attempt: int, seconds: float) -> None:
        """End the wait in time. Loops may ring a little early; then it is set again."""

        def ring() -> None:
            if not ticket.future.done() and attempt in self._waiting:
                self.tick()
                self._set_alarm(ticket, attempt, 0.002)

        ticket.loop.call_later(seconds, ring)

    def _withdraw(self, ask: Reserve) -> None:
        with self._lock:
            self._waiting.pop(ask.opening.id, None)
            ended = self._book.withdraw(ask.opening.id)
            if ended is not None:
                self.records.voided("withdrawn", ended, self._clock())
            self._after()

    def _look_at_directory(self) -> None:
        """Take up limits and gates that changed there."""
        directory = self._directory
        if directory is not None and directory.version() != self._directory_version:
            stored = directory.load()
            self._book.gates = {gate.name for gate in stored.gates}
            self._book.adopt_stored(stored.budgets, stored.grants)
            self._directory_version = stored.version

    def _close_gate(self, name: str, attempt: int) -> None:
        if name and self._directory is not None:
            detail = "more output tokens than the cap that was sent"
            self._directory.close_gate(Gate(name=name, attempt=attempt, at_ms=self._clock(), detail=detail))

    def _after(self) -> None:
        """What every change ends with: charge what is due, then serve those who wait."""
        self._look_at_directory()
        for charged in self._book.charge_due(self._clock()):
            self.records.estimated(charged)
        answers = self._book.wake(self._steady())
        if not answers:
            return
        delivered = []
        for ask, outcome in answers:
            if isinstance(outcome, Reserved):
                self.records.held(ask, outcome, self._book.holds[ask.opening.id])
            delivered.append((self._waiting.pop(ask.opening.id), outcome))
        for ticket in hand_out(delivered):
            assert isinstance(ticket.ask, Reserve)
            ended = self._book.withdraw(ticket.ask.opening.id)
            if ended is not None:
                self.records.voided("withdrawn", ended, self._clock())
