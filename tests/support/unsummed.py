"""A file with a past that nobody ever summed: so many calls a day, in runs of three, written without a ledger."""

import sqlite3
from pathlib import Path

from farthing.domain.ids import EPOCH_MS
from farthing.stores.sqlite.connect import open_database
from support.recorded import a_call, write

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BEGIN_MS = EPOCH_MS + 40 * DAY_MS


def write_past(path: Path, days: int, calls: int = 24, begin_ms: int = BEGIN_MS) -> int:
    """Where it ends: the midnight after its last day."""
    connection = open_database(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for number in range(days * calls):
        write_call(connection, number, begin_ms + number * DAY_MS // calls)
    connection.execute("COMMIT")
    connection.close()
    return begin_ms + days * DAY_MS


def write_call(connection: sqlite3.Connection, number: int, at_ms: int, run: str = "") -> None:
    labels = {"run": run or f"r{number // 3}", "team": f"t{number % 2}"}
    write(connection, a_call(number, at_ms=at_ms, attempts=({},), labels=tuple(labels.items())))
