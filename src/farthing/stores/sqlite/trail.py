"""The trail in the ledger's file: calls by rising id, without skeletons and shares, and followers' own notes."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from farthing.domain.ids import ATTEMPTS as MOST_ATTEMPTS
from farthing.domain.ids import call_of
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening, Skeleton
from farthing.domain.usage import Usage
from farthing.ports.records import Adjustment, AttemptRecord, CallRecord
from farthing.ports.trail import Correction
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.record_rows import STATES

IDS_AT_ONCE = 500
"""Calls named in one statement."""

_CALL = (
    "id", "arrived_ms", "key", "labels", "dialect", "route", "model", "streamed", "parent",
    "outcome", "status", "finished_ms", "first_byte_ms", "code", "detail",
)  # fmt: skip
_ATTEMPT = (
    "id", "state", "provider", "model", "book", "bound", "input_bound", "choices", "cap", "opened_ms", "reason",
    "cost_nanos", "remainder_picos", "source", "tier", "served_model", "response_id", "finish", "flags", "settled_ms",
)  # fmt: skip
_USAGE = Usage.__struct_fields__
_COLUMNS = ", ".join((*(f"c.{name}" for name in _CALL), *(f"a.{name}" for name in (*_ATTEMPT, *_USAGE))))
_JOIN = f"LEFT JOIN attempt a ON a.id BETWEEN c.id + 1 AND c.id + {MOST_ATTEMPTS}"

_AFTER = (
    f"SELECT {_COLUMNS} FROM (SELECT * FROM call WHERE id > ? ORDER BY id LIMIT ?) c {_JOIN} "  # noqa: S608 - names of ours
    "ORDER BY c.id, a.id"
)
_OF = f"SELECT {_COLUMNS} FROM call c {_JOIN} WHERE c.id IN (SELECT value FROM json_each(?)) ORDER BY c.id, a.id"  # noqa: S608
_IDS = "SELECT id FROM call WHERE id > ? AND id <= ? ORDER BY id"
_CORRECTED = (
    "SELECT attempt, at_ms, by, reason, before, after FROM adjustment WHERE attempt BETWEEN ? AND ? ORDER BY id"
)
_CORRECTIONS = "SELECT id, attempt, at_ms, by, reason, before, after FROM adjustment WHERE id > ? ORDER BY id"
# `state < 2` is what the index of open attempts is made of.
_OPEN = "SELECT ifnull(sum(state = 0), 0), ifnull(sum(state = 1), 0) FROM attempt WHERE state < 2"
_KEPT = "SELECT holder, until_ms, progress FROM follower WHERE name = ?"
_TAKE = (
    "INSERT INTO follower VALUES (?, ?, ?, x'') "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms"
)
_KEEP = "UPDATE follower SET progress = ? WHERE name = ? AND holder = ?"
_LET_GO = "UPDATE follower SET until_ms = 0 WHERE name = ? AND holder = ?"

_read_labels = msgspec.json.Decoder(dict[str, str]).decode
_read_flags = msgspec.json.Decoder(tuple[str, ...]).decode
Row = tuple[Any, ...]


class SqliteTrail:
    """`farthing.ports.trail.Trail` on SQLite. Any thread may call."""

    def __init__(self, path: Path, *, connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(_open, path, connect))

    def after(self, id: int, limit: int) -> tuple[CallRecord, ...]:
        with self._handle.reading() as connection:
            return _records(connection, connection.execute(_AFTER, (id, limit)).fetchall())

    def ids(self, after: int, until: int) -> tuple[int, ...]:
        with self._handle.reading() as connection:
            return tuple(row[0] for row in connection.execute(_IDS, (after, until)))

    def of(self, ids: Sequence[int]) -> tuple[CallRecord, ...]:
        found: list[CallRecord] = []
        for start in range(0, len(ids), IDS_AT_ONCE):
            named = msgspec.json.encode(ids[start : start + IDS_AT_ONCE]).decode()
            with self._handle.reading() as connection:
                found += _records(connection, connection.execute(_OF, (named,)).fetchall())
        return tuple(found)

    def corrections(self, after: int) -> tuple[Correction, ...]:
        with self._handle.reading() as connection:
            rows = connection.execute(_CORRECTIONS, (after,)).fetchall()
        return tuple(Correction(number, _adjustment(row)) for number, *row in rows)

    def open(self) -> tuple[int, int]:
        with self._handle.reading() as connection:
            held, unknown = connection.execute(_OPEN).fetchone()
        return held, unknown

    def take(self, name: str, holder: str, now_ms: int, until_ms: int) -> bytes | None:
        with self._handle.changing() as connection:
            kept = connection.execute(_KEPT, (name,)).fetchone()
            if kept is not None and kept[0] != holder and kept[1] > now_ms:
                return None
            connection.execute(_TAKE, (name, holder, until_ms))
        return b"" if kept is None else bytes(kept[2])

    def keep(self, name: str, holder: str, progress: bytes) -> bool:
        with self._handle.changing() as connection:
            return connection.execute(_KEEP, (progress, name, holder)).rowcount == 1

    def let_go(self, name: str, holder: str) -> None:
        with self._handle.changing() as connection:
            connection.execute(_LET_GO, (name, holder))

    def close(self) -> None:
        self._handle.close()


def _open(path: Path, connect: Connect) -> sqlite3.Connection:
    """A connection whose commits wait for no disk: notes that a power cut takes are made again, and the ledger's own
    commits need not stand behind them."""
    connection = open_database(path, connect=connect)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _records(connection: sqlite3.Connection, rows: Sequence[Row]) -> tuple[CallRecord, ...]:
    """The calls of a page, whose rows stand together, with what an operator said of their attempts."""
    if not rows:
        return ()
    spoken: dict[int, list[Adjustment]] = {}
    for entry in connection.execute(_CORRECTED, (rows[0][0], rows[-1][0] + MOST_ATTEMPTS)):
        spoken.setdefault(call_of(entry[0]), []).append(_adjustment(entry))
    calls: dict[int, tuple[Row, list[AttemptRecord]]] = {}
    for row in rows:
        attempts = calls.setdefault(row[0], (row, []))[1]
        if row[len(_CALL)] is not None:
            attempts.append(_attempt(row[0], row[len(_CALL) :]))
    return tuple(_record(row, attempts, spoken.get(number, ())) for number, (row, attempts) in calls.items())


def _record(row: Row, attempts: Sequence[AttemptRecord], spoken: Sequence[Adjustment]) -> CallRecord:
    number, arrived_ms, key, labels, dialect, route, model, streamed, parent, *end = row[: len(_CALL)]
    outcome, status, finished_ms, first_byte_ms, code, detail = end
    return CallRecord(
        opening=CallOpening(
            id=number,
            arrived_ms=arrived_ms,
            key=key,
            labels=tuple(_read_labels(labels).items()),
            dialect=dialect,
            route=route,
            model=model,
            streamed=bool(streamed),
            parent=parent or "",
        ),
        closing=None
        if outcome is None
        else CallClosing(
            id=number,
            outcome=outcome,
            status=status,
            finished_ms=finished_ms,
            first_byte_ms=first_byte_ms,
            code=code or "",
            detail=detail or "",
        ),
        skeleton=_NO_SKELETON,
        attempts=tuple(attempts),
        adjustments=tuple(spoken),
    )


_NO_SKELETON = Skeleton()


def _attempt(call: int, row: Row) -> AttemptRecord:
    number, state, provider, model, book, bound, input_bound, choices, cap, opened_ms, reason, *rest = row
    cost_nanos, remainder_picos, source, tier, served_model, response_id, finish, flags, settled_ms, *counts = rest
    opening = AttemptOpening(
        id=number,
        call_id=call,
        ordinal=number - call,
        provider=provider,
        model=model,
        book=book,
        bound=bound,
        input_bound=input_bound,
        choices=choices,
        opened_ms=opened_ms,
    )
    name = STATES[state]
    return AttemptRecord(
        opening=opening,
        state=name,
        cap=cap,
        reason=reason or "",
        cost_nanos=cost_nanos,
        remainder_picos=remainder_picos or 0,
        usage=_usage(counts) if name == "settled" else None,
        source=source or "",
        tier=tier or "",
        served_model=served_model or "",
        response_id=response_id or "",
        finish=finish or "",
        flags=_read_flags(flags) if flags else (),
        settled_ms=settled_ms,
    )


def _usage(counts: Sequence[int | None]) -> Usage:
    return Usage(**{name: count for name, count in zip(_USAGE, counts, strict=True) if count})


def _adjustment(row: Sequence[Any]) -> Adjustment:
    attempt, at_ms, by, reason, before, after = row
    return Adjustment(attempt=attempt, at_ms=at_ms, by=by, reason=reason, before=before, after=after)
