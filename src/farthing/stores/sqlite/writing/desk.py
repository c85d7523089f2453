"""The desk: decides one batch of requests inside one transaction, with the file as the authority."""

from collections.abc import Callable, Iterable, Sequence

from farthing.budgets.book import Answer, Book
from farthing.domain.hold import Loss, Reserve, Reserved, Settlement, Void
from farthing.domain.record import CallClosing
from farthing.stores.sqlite.chain.links import Chain
from farthing.stores.sqlite.statements import sql
from farthing.stores.sqlite.writing import rows
from farthing.stores.sqlite.writing.journal import Journal
from farthing.stores.sqlite.writing.open_book import OpenBook
from farthing.stores.sqlite.writing.requests import Adoption, Freed, Refusal, Request, Withdrawal
from farthing.stores.ticket import AnyTicket, Correction, Look, Outcome, ThreadTicket, Ticket


class Desk(OpenBook):
    """One connection, one book. Used by one thread at a time.

    `decide` raises sqlite3.Error or Disagreement, and then nothing of the batch has happened; call `forget` before the
    next one.
    """

    def __init__(self, book: Book, owner: int, clock: Callable[[], int]) -> None:
        """The book must ask `fetch` for balances. Call `use` before anything else."""
        super().__init__(book, owner)
        self._chain = Chain(clock)
        self.waiting: dict[int, AnyTicket] = {}
        self.answers: list[tuple[AnyTicket, Outcome]] = []
        """Of the last batch, whether it was committed or not."""
        self._clock = clock
        self._acts: dict[type, Callable[..., None]] = {
            Settlement: self._settle,
            Void: self._void,
            Loss: self._lose,
            CallClosing: self._close,
            Refusal: self._refuse,
            Adoption: self._adopt,
            Freed: self._free,
            Withdrawal: self._withdraw,
        }

    def leave_queue(self, attempt: int) -> None:
        """Forget a waiter, in memory only."""
        if self.waiting.pop(attempt, None) is not None:
            self.book.withdraw(attempt)

    def look(self) -> None:
        """Notice what other connections changed, without asking for anything."""
        if self.outdated():
            self._begin()
            self._commit()

    def decide(self, requests: Iterable[Request], now: int) -> list[tuple[AnyTicket, Outcome]]:
        """Apply every notice, then serve those who wait, then those who ask, in order; durable on return."""
        self.answers = []
        self._begin()
        tickets: list[AnyTicket] = []
        for request in requests:
            act = self._acts.get(type(request))
            if act is None:
                assert isinstance(request, Ticket | ThreadTicket)
                tickets.append(request)
            else:
                act(request)
        answers = self.answers = self._answered(self.book.wake(now))
        for ticket in tickets:
            if not ticket.withdrawn:
                outcome = self._serve(ticket, now)
                if outcome is not None:
                    answers.append((ticket, outcome))
        answers += self._answered(self.book.wake(now))
        self._commit()
        return answers

    # What is asked

    def _serve(self, ticket: AnyTicket, now: int) -> Outcome | None:
        ask = ticket.ask
        if isinstance(ask, Reserve):
            outcome = self.book.reserve(ask, now)
            if isinstance(outcome, Reserved):
                self._journal.held(ask, outcome)
            elif outcome is None:
                self.waiting[ask.opening.id] = ticket
            return outcome
        if isinstance(ask, Look):
            return tuple(self.book.account(key).standing() for key in ask.accounts)
        return self._correct(ask) if isinstance(ask, Correction) else True

    def _answered(self, answers: Sequence[Answer]) -> list[tuple[AnyTicket, Outcome]]:
        told: list[tuple[AnyTicket, Outcome]] = []
        for ask, outcome in answers:
            if isinstance(outcome, Reserved):
                self._journal.held(ask, outcome)
            told.append((self.waiting.pop(ask.opening.id), outcome))
        return told

    def _correct(self, correction: Correction) -> bool:
        settlement, by, reason = correction
        attempt = settlement.attempt
        self._write()  # what was told before in this batch must be seen
        before = self.connection.execute(sql("attempt_before"), (attempt,)).fetchone()
        found = self.find(attempt)
        if found is None or found.state == rows.HELD:
            return False
        if found.state == rows.UNKNOWN:
            self._bring(attempt)
            ended = self.book.settle(settlement)
            assert ended is not None, "an unknown hold can be settled"
            settlement, posted = ended.tell(settlement), ended.posted
        else:
            posted = self.book.correct(found.hold.parts, found.posted, settlement.spent)
        self._journal.corrected(settlement, posted, before, by, reason)
        self._journal.closed(settlement.closing)
        return True

    # What is told

    def _settle(self, settlement: Settlement) -> None:
        self._bring(settlement.attempt)
        ended = self.book.settle(settlement)
        if ended is not None:
            self._journal.settled(settlement, ended)
        self._journal.closed(settlement.closing)

    def _void(self, void: Void) -> None:
        self._bring(void.attempt)
        ended = self.book.void(void)
        if ended is not None:
            self._journal.voided(ended, void.reason, void.at_ms)
        self._journal.closed(void.closing)

    def _lose(self, loss: Loss) -> None:
        self._bring(loss.attempt)
        if self.book.lose(loss) is not None:
            self._not_ours.append(loss.attempt)
            self._journal.lost(loss, self._clock())
        self._journal.closed(loss.closing)

    def _close(self, closing: CallClosing) -> None:
        self._journal.closed(closing)

    def _refuse(self, refusal: Refusal) -> None:
        self._journal.refused(*refusal)

    def _adopt(self, adoption: Adoption) -> None:
        self.book.adopt(*adoption)

    def _free(self, freed: Freed) -> None:
        self.book.free_landing(freed.window)

    def _withdraw(self, withdrawal: Withdrawal) -> None:
        ask = withdrawal.ticket.ask
        assert isinstance(ask, Reserve)
        self.waiting.pop(ask.opening.id, None)
        ended = self.book.withdraw(ask.opening.id)
        if ended is not None:
            self._journal.voided(ended, "withdrawn", self._clock())

    def _bring(self, attempt: int) -> None:
        """Take up an unknown hold: it is the file's, whoever made it."""
        if attempt in self.book.holds or attempt in self._not_ours:
            return
        found = self.find(attempt)
        if found is not None and found.state == rows.UNKNOWN:
            self.book.restore(found.hold)
            self._not_ours.append(attempt)

    # What time brings

    def charge_due(self, now_ms: int) -> int:
        """Charge unknown outcomes that are due, whoever held them, exactly once among all processes."""
        self._begin()
        flags = {}
        for row in self.connection.execute(sql("attempt_due"), (now_ms,)).fetchall():
            found = rows.found(row, self.name)
            flags[found.hold.attempt] = found.flags
            self.book.restore(found.hold)
        charged = self.book.charge_due(now_ms)
        for ended in charged:
            self._journal.estimated(ended, flags[ended.hold.attempt], now_ms)
        self._commit()
        return len(charged)

    def presume_lost(self, owner: int, due_ms: int) -> int:
        """Make every hold of a dead owner unknown. The caller has its lock. Doing it again changes nothing."""
        self._begin()
        held = self.connection.execute(sql("attempt_held_by"), (owner,)).fetchall()
        for row in held:
            found = rows.found(row, self.name)
            self.book.restore(found.hold)
            self.book.presume_lost(found.hold.attempt, due_ms)
            self._not_ours.append(found.hold.attempt)
            self._journal.presumed_lost(found.hold.attempt, due_ms, "its process died")
        self._commit()
        return len(held)

    def owners(self) -> list[int]:
        """Owners other than this one with holds in flight."""
        self._begin()
        owners = [owner for (owner,) in self.connection.execute(sql("attempt_owners"))]
        self._commit()
        return [owner for owner in owners if owner != self._owner]

    # The transaction

    def forget(self, failed: Iterable[int] = ()) -> None:
        """After a failure: undo, and believe nothing remembered. Holds of `failed` reserves that are in the file after
        all (a commit may fail after it was written) are given back; our other holds are taken up again."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self.book.forget_holds()
        self._journal = Journal(self.connection, self.book, self._owner, self._chain)
        self._data_version = -1
        doomed = set(failed)
        self._begin()
        for row in self.connection.execute(sql("attempt_held_by"), (self._owner,)).fetchall():
            found = rows.found(row, self.name)
            self.book.restore(found.hold)
            if found.hold.attempt in doomed:
                self._void(Void(attempt=found.hold.attempt, reason="commit failed", at_ms=self._clock()))
        self._commit()
