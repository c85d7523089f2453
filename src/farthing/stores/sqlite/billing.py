"""Closed billing periods in the ledger's own file: a month and all it told is one durable, audited transaction."""

import sqlite3
import zlib
from functools import partial
from pathlib import Path

import msgspec

from farthing.domain.errors import StoreBroken
from farthing.ports.billing import BillLine, ClosedPeriod
from farthing.stores.month_order import check_next
from farthing.stores.sqlite.chain.events import record
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle

_LAST = "SELECT max(month) FROM billing_period"
_ADD = "INSERT INTO billing_period (month, document, lines) VALUES (?, ?, ?)"
_CLOSED = "SELECT document FROM billing_period ORDER BY month"
_TOLD = "SELECT lines FROM billing_period WHERE month = ?"

_period = msgspec.json.Decoder(ClosedPeriod).decode
_lines = msgspec.json.Decoder(tuple[BillLine, ...]).decode


class SqlitePeriods:
    """`farthing.ports.billing.Periods` on SQLite. Any thread may call."""

    def __init__(self, path: Path, *, connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(open_database, path, connect=connect))

    def keep(self, period: ClosedPeriod, lines: tuple[BillLine, ...]) -> None:
        document = msgspec.json.encode(period).decode()
        packed = zlib.compress(msgspec.json.encode(lines))  # before the transaction: calls wait for its lock
        with self._handle.changing() as connection:
            (last,) = connection.execute(_LAST).fetchone()
            check_next(period.month, last)
            connection.execute(_ADD, (period.month, document, packed))
            record(connection, period.closed_ms, period.by, "billing.close", period.month, document)

    def closed(self) -> tuple[ClosedPeriod, ...]:
        with self._handle.reading() as connection:
            rows = connection.execute(_CLOSED).fetchall()
        return tuple(_period(document) for (document,) in rows)

    def told(self, month: str) -> tuple[BillLine, ...]:
        with self._handle.reading() as connection:
            row = connection.execute(_TOLD, (month,)).fetchone()
        if row is None:
            return ()
        try:
            return _lines(zlib.decompress(row[0]))
        except (zlib.error, msgspec.DecodeError) as error:
            raise StoreBroken(f"what was told of {month} cannot be read ({error}); restore a backup") from error

    def close(self) -> None:
        self._handle.close()
