"""Outcomes and other costs in the ledger's own file. Every change is one durable, audited transaction."""

import sqlite3
from functools import partial
from pathlib import Path

import msgspec

from farthing.audit.entry import Kind
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.stores.sqlite.chain import events
from farthing.stores.sqlite.chain.events import Touched
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle

_JUDGE = "INSERT OR REPLACE INTO outcome (run, at_ms, success, score, by, note) VALUES (?, ?, ?, ?, ?, ?)"
_BOOK = (
    "INSERT INTO other_cost (run, at_ms, kind, nanos, by, note, once) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
_OUTCOME = "SELECT run, at_ms, success, score, by, note FROM outcome WHERE run = ?"
_COSTS = "SELECT run, at_ms, kind, nanos, by, note, once FROM other_cost WHERE run = ? ORDER BY id"


class SqliteOutcomes:
    """`farthing.ports.outcomes.Outcomes` on SQLite. Any thread may call."""

    def __init__(self, path: Path, *, connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(open_database, path, connect=connect))

    def judge(self, outcome: Outcome) -> None:
        with self._handle.changing() as connection:
            row = (outcome.run, outcome.at_ms, outcome.success, outcome.score, outcome.by, outcome.note)
            connection.execute(_JUDGE, row)
            _audit(connection, outcome.at_ms, outcome.by, "outcome.judge", outcome, (Kind.OUTCOME, outcome.run))

    def book(self, cost: OtherCost) -> bool:
        with self._handle.changing() as connection:
            row = (cost.run, cost.at_ms, cost.kind, cost.nanos, cost.by, cost.note, cost.once)
            booked = connection.execute(_BOOK, row)
            if not booked.rowcount or booked.lastrowid is None:
                return False
            _audit(connection, cost.at_ms, cost.by, "outcome.book", cost, (Kind.OTHER_COST, booked.lastrowid))
        return True

    def of(self, run: str) -> tuple[Outcome | None, tuple[OtherCost, ...]]:
        with self._handle.reading() as connection:
            return outcome_of(connection, run), costs_of(connection, run)

    def close(self) -> None:
        self._handle.close()


def outcome_of(connection: sqlite3.Connection, run: str) -> Outcome | None:
    row = connection.execute(_OUTCOME, (run,)).fetchone()
    if row is None:
        return None
    name, at_ms, success, score, by, note = row
    return Outcome(run=name, at_ms=at_ms, success=bool(success), score=score, by=by, note=note)


def costs_of(connection: sqlite3.Connection, run: str) -> tuple[OtherCost, ...]:
    """In the order in which they were booked."""
    return tuple(
        OtherCost(run=name, at_ms=at_ms, kind=kind, nanos=nanos, by=by, note=note, once=once)
        for name, at_ms, kind, nanos, by, note, once in connection.execute(_COSTS, (run,))
    )


def _audit(
    connection: sqlite3.Connection, at_ms: int, by: str, action: str, what: Outcome | OtherCost, touched: Touched
) -> None:
    document = msgspec.json.encode(what).decode()
    events.record(connection, at_ms, by, action, what.run, document, touched)
