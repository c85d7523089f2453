"""Content in a file of its own beside the ledger's, so that no text ever waits for money, nor money for a text.

The file is readable by its owner alone. It is not encrypted: whoever reads it reads what redaction left. What is deleted
is overwritten (`secure_delete`) and the log is emptied; deleting the file deletes all content there is.
"""

import os
import sqlite3
import zlib
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec

from farthing.domain.errors import LedgerUnavailable
from farthing.ports.content import Content
from farthing.stores.sqlite.handle import Handle

PAGE = 500
"""Rows deleted in one transaction."""
BUSY_SECONDS = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS content (
    call     INTEGER PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    document BLOB NOT NULL      -- zlib of JSON of farthing.ports.content.Content
) STRICT
"""
_INDEX = "CREATE INDEX IF NOT EXISTS content_age ON content (at_ms)"
_DROP_OLDEST = """
DELETE FROM content WHERE call IN (SELECT call FROM content WHERE at_ms < ? ORDER BY at_ms LIMIT ?)
"""
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # the last texts before a power cut may be lost, and the file stays whole
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
)


class SqliteContents:
    """`farthing.ports.content.Contents` on SQLite. Any thread may call. The file is made by the first text."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = Handle(partial(_open, path))

    def put(self, contents: tuple[Content, ...]) -> None:
        rows = [(each.call, each.at_ms, zlib.compress(msgspec.json.encode(each), 6)) for each in contents]
        with self._handle.changing() as connection:
            connection.executemany("INSERT OR REPLACE INTO content VALUES (?, ?, ?)", rows)

    def of(self, call: int) -> Content | None:
        if not self._path.exists():
            return None
        with self._handle.reading() as connection:
            row = connection.execute("SELECT document FROM content WHERE call = ?", (call,)).fetchone()
        return None if row is None else msgspec.json.decode(zlib.decompress(row[0]), type=Content)

    def drop_before(self, at_ms: int) -> int:
        if not self._path.exists():
            return 0
        dropped = 0
        while True:
            with self._handle.changing() as connection:
                found = connection.execute(_DROP_OLDEST, (at_ms, PAGE))
            dropped += found.rowcount
            if found.rowcount < PAGE:
                break
        if dropped:
            self._empty_log()
        return dropped

    def drop(self, calls: tuple[int, ...]) -> int:
        if not calls or not self._path.exists():
            return 0
        with self._handle.changing() as connection:
            found = connection.executemany("DELETE FROM content WHERE call = ?", [(call,) for call in set(calls)])
        if found.rowcount:
            self._empty_log()
        return found.rowcount

    def close(self) -> None:
        self._handle.close()

    def _empty_log(self) -> None:
        """What was deleted stands in the log until it is written over; whoever reads meanwhile keeps it a little longer."""
        with closing(_open(self._path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def place_of(ledger: Path) -> Path:
    """Where content lies beside a ledger: `farthing.db` has `farthing.content.db`."""
    return ledger.with_name(f"{ledger.stem}.content{ledger.suffix}")


def _open(path: Path) -> sqlite3.Connection:
    """Raises LedgerUnavailable where the file cannot be made."""
    if not path.exists():
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:  # another process was quicker
            pass
        except OSError as error:
            raise LedgerUnavailable(f"{path} cannot be made ({error.strerror}), so no content is kept") from error
    connection = sqlite3.connect(
        str(path), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=16
    )
    try:
        for statement in (*_PRAGMAS, _SCHEMA, _INDEX):
            connection.execute(statement)
    except sqlite3.Error as error:
        connection.close()
        raise LedgerUnavailable(f"{path} cannot be used ({error}), so no content is kept") from error
    return connection
