"""Connections that fail on purpose: real SQLite, with an error (or a death) at a chosen statement or row."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterable, Iterator


def io_error() -> sqlite3.OperationalError:
    return _error("disk I/O error", sqlite3.SQLITE_IOERR)


def disk_full() -> sqlite3.OperationalError:
    return _error("database or disk is full", sqlite3.SQLITE_FULL)


def read_only() -> sqlite3.OperationalError:
    return _error("attempt to write a readonly database", sqlite3.SQLITE_READONLY)


def _error(text: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def die() -> Exception:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


class Faults:
    """What shall fail, shared by every connection that `connect` opens. Nothing does until it is armed."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        """The first word of each statement and row since the last `arm`: a row of many counts by itself."""
        self._wanted: Callable[[str, int], bool] = lambda verb, place: False
        self._make: Callable[[], Exception] = io_error
        self._after = False

    def arm(self, wanted: Callable[[str, int], bool], make: Callable[[], Exception] = io_error, *, after: bool = False):
        """Fail where `wanted(verb, place)` says so; `after`: the statement is done first, and its failure reported."""
        self.seen = []
        self._wanted, self._make, self._after = wanted, make, after

    def disarm(self) -> None:
        self._wanted = lambda verb, place: False

    def connect(self, *args, **settings) -> sqlite3.Connection:
        faults = self

        class Faulty(sqlite3.Connection):
            def execute(self, sql: str, *values) -> sqlite3.Cursor:
                wrong = faults.look(sql)
                if wrong and not faults._after:
                    raise faults._make()
                result = super().execute(sql, *values)
                if wrong:
                    raise faults._make()
                return result

            def executemany(self, sql: str, rows: Iterable) -> sqlite3.Cursor:
                return super().executemany(sql, faults.each(sql, rows))

        return sqlite3.connect(*args, factory=Faulty, **settings)

    def each(self, sql: str, rows: Iterable) -> Iterator:
        for row in rows:
            if self.look(sql):
                raise self._make()
            yield row

    def look(self, sql: str) -> bool:
        verb = sql.split(maxsplit=1)[0].upper()
        self.seen.append(verb)
        return self._wanted(verb, len(self.seen) - 1)
