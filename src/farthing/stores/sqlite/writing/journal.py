"""What one batch has to write, gathered while it decides and written at its end, many rows to a statement."""

import sqlite3
from collections.abc import Iterable
from operator import itemgetter

import msgspec

from farthing.audit.entry import Kind
from farthing.budgets.book import Book
from farthing.budgets.open_hold import Ended, OpenHold
from farthing.domain.hold import Loss, Reserve, Reserved, Settlement
from farthing.domain.record import CallClosing, CallOpening
from farthing.stores.sqlite.chain import events
from farthing.stores.sqlite.chain.batch import Batch
from farthing.stores.sqlite.chain.links import Chain
from farthing.stores.sqlite.queries import NO_ID
from farthing.stores.sqlite.statements import sql
from farthing.stores.sqlite.sums.spans import Horizon, take_back
from farthing.stores.sqlite.writing import rows
from farthing.stores.sqlite.writing.rows import Row

_KNOWN = "SELECT 1 FROM call WHERE id = ?"
_LAST = itemgetter(-1)


class Disagreement(Exception):
    """The file ended one of our holds without us: memory is not to be trusted."""


class Journal:
    """The rows of one batch. Account numbers are known only when it is written, so rows are made then."""

    def __init__(self, connection: sqlite3.Connection, book: Book, owner: int, chain: Chain | None = None) -> None:
        self._connection = connection
        self._book = book
        self._owner = owner
        self._batch = Batch(connection, chain or Chain())
        self._holds: list[tuple[Reserve, Reserved, OpenHold]] = []
        self._losses: list[Row] = []
        self._settlements: list[Row] = []
        self._found: list[Row] = []
        """Settlements of holds that were unknown."""
        self._voids: list[Row] = []
        self._estimates: list[Row] = []
        self._refusals: list[tuple[CallOpening, CallClosing]] = []
        self._closings: list[Row] = []
        self._responses: list[Row] = []
        self._gates: list[Row] = []
        self._corrections: list[tuple[Settlement, tuple[int, ...], Row, str, str]] = []

    def held(self, ask: Reserve, granted: Reserved) -> None:
        self._holds.append((ask, granted, self._book.holds[ask.opening.id]))

    def settled(self, settlement: Settlement, ended: Ended) -> None:
        ends = self._found if ended.hold.unknown else self._settlements
        ends.append(rows.settled(ended.tell(settlement), ended.posted))
        if settlement.remember_for and settlement.response_id:
            usage = settlement.usage
            self._remember(
                settlement.remember_for, settlement, usage.input_tokens + usage.output_tokens, settlement.settled_ms
            )
        if settlement.overran:
            detail = f"{settlement.usage.output_tokens} output tokens, above the cap that was sent"
            self._gates.append((settlement.overran, settlement.attempt, settlement.settled_ms, detail))

    def voided(self, ended: Ended, reason: str, at_ms: int) -> None:
        self._voids.append(rows.voided(ended, reason, at_ms))

    def lost(self, loss: Loss, now_ms: int) -> None:
        self._losses.append(rows.lost(loss))
        if loss.remember_for and loss.response_id:
            self._remember(loss.remember_for, loss, None, now_ms)
        if loss.overran:
            detail = (
                f"at least {loss.seen.output_tokens} output tokens, above the cap that was sent; the stream was cut"
            )
            self._gates.append((loss.overran, loss.attempt, now_ms, detail))

    def presumed_lost(self, attempt: int, due_ms: int, reason: str) -> None:
        self._losses.append(rows.presumed_lost(attempt, due_ms, reason))

    def estimated(self, ended: Ended, flags: tuple[str, ...], now_ms: int) -> None:
        self._estimates.append(rows.estimated(ended, flags, now_ms))

    def corrected(self, settlement: Settlement, posted: tuple[int, ...], before: Row, by: str, reason: str) -> None:
        self._corrections.append((settlement, posted, before, by, reason))

    def refused(self, opening: CallOpening, closing: CallClosing) -> None:
        self._refusals.append((opening, closing))

    def closed(self, closing: CallClosing | None) -> None:
        if closing is not None:
            self._closings.append((*rows.ending(closing), closing.id))

    def _remember(self, tenant: str, what: Settlement | Loss, tokens: int | None, at_ms: int) -> None:
        self._responses.append((tenant, what.response_id, what.attempt, tokens, at_ms))

    def write(self, past: Horizon) -> None:
        """Everything, in an order in which each row finds what it refers to. Raises Disagreement.

        What changes in the `past` that is summed takes its sums back.
        """
        self._write_accounts()
        self._write_holds()
        self._write_ends()
        self._write_refusals()
        self._many("call_close", self._closings)
        self._batch.closed(Kind.CLOSED, self._closings)
        self._many("response_put", self._responses)
        if self._gates:
            self._many("gate_close", self._gates)
            for name, *_ in self._gates:
                self._batch.touched(Kind.GATE, name)
            self._connection.execute(sql("directory_bump"))
        for correction in self._corrections:
            self._write_correction(*correction)
        self._take_sums_back(past)
        self._batch.link()

    def _write_accounts(self) -> None:
        changed, added_rows = [], []
        for account in self._book.dirty:
            balance = (account.posted, account.held, account.unknown, account.closes_ms)
            if account.row:
                changed.append((*balance, account.row))
            else:
                added = self._connection.execute(sql("account_add"), (*balance, *map(str, account.key)))
                assert added.lastrowid is not None
                account.row = added.lastrowid
                added_rows.append((account.row, *map(str, account.key)))
        self._book.dirty.clear()
        self._batch.accounts(added_rows)
        self._many("account_put", changed)

    def _write_holds(self) -> None:
        if not self._holds:
            return
        opened = [(rows.opening(ask.call), ask.call.labels) for ask, _, _ in self._holds if ask.call is not None]
        self._many("call_add", [row for row, _ in opened])
        self._batch.opened(opened)
        accounts = self._book.accounts
        held = [rows.held(ask, granted, hold, self._owner, accounts) for ask, granted, hold in self._holds]
        self._many("attempt_hold", held)
        self._batch.held(held)

    def _write_ends(self) -> None:
        self._all("attempt_lose", self._losses)
        self._batch.ended(Kind.LOST, (row[-1] for row in self._losses))
        self._all("attempt_settle", self._settlements)
        self._batch.settled(self._settlements)
        self._all("attempt_settle", self._found)
        self._batch.ended(Kind.SETTLED, (row[-1] for row in self._found))
        self._all("attempt_void", self._voids)
        self._batch.ended(Kind.VOIDED, (row[-1] for row in self._voids))
        self._all("attempt_estimate", self._estimates)
        self._batch.ended(Kind.ESTIMATED, (row[-1] for row in self._estimates))

    def _write_refusals(self) -> None:
        for opening, closing in self._refusals:
            row, end = rows.opening(opening), rows.ending(closing)
            if self._connection.execute(_KNOWN, (opening.id,)).fetchone() is None:
                self._batch.opened([(row, opening.labels)])
            self._connection.execute(sql("call_refuse"), (*row, *end))
            self._batch.closed(Kind.REFUSED, [(*end, opening.id)])

    def _write_correction(
        self, settlement: Settlement, posted: tuple[int, ...], before: Row, by: str, reason: str
    ) -> None:
        self._all("attempt_correct", [rows.settled(settlement, posted)])
        after = self._connection.execute(sql("attempt_before"), (settlement.attempt,)).fetchone()
        documents = [msgspec.json.encode(_as_document(row)).decode() for row in (before, after)]
        at_ms, attempt = settlement.settled_ms, settlement.attempt
        added = self._connection.execute(sql("adjustment_add"), (attempt, at_ms, by, reason, *documents))
        assert added.lastrowid is not None
        self._batch.ended(Kind.CORRECTED, [attempt])
        self._batch.touched(Kind.ADJUSTED, added.lastrowid)
        events.note(self._connection, self._batch, (at_ms, by, "call.adjust", str(attempt), reason))

    def _take_sums_back(self, past: Horizon) -> None:
        """Nearly always there is nothing to take back, which a comparison for each row tells."""
        new = [ask.call for ask, _, _ in self._holds if ask.call is not None]
        new += [opening for opening, _ in self._refusals]
        ended = (self._settlements, self._found, self._voids, self._losses, self._estimates, self._closings)
        changed = [ask.opening.id for ask, _, _ in self._holds]
        changed += [opening.id for opening, _ in self._refusals]
        changed += [correction[0].attempt for correction in self._corrections]
        for rows_of in ended:
            changed += map(_LAST, rows_of)
        astray = [(call.id, call.arrived_ms) for call in new if past.is_astray(call.id, call.arrived_ms)]
        if astray or min(changed, default=NO_ID) <= past.summed_id:
            take_back(self._connection, past, [number for number in changed if number <= past.summed_id], astray)

    def _many(self, statement: str, values: Iterable[Row]) -> int:
        if not values:
            return 0
        return self._connection.executemany(sql(statement), values).rowcount

    def _all(self, statement: str, values: list[Row]) -> None:
        if self._many(statement, values) != len(values):
            raise Disagreement(f"{statement} found a hold that is not open")


def _as_document(row: Row) -> dict[str, object]:
    names = ("state", "source", "cost_nanos", "input_tokens", "output_tokens", "charges", "posted")
    *facts, charges, posted = row
    return dict(zip(names, (*facts, _raw(charges), posted and _raw(posted)), strict=True))


def _raw(document: str) -> msgspec.Raw:
    return msgspec.Raw(document.encode())
