"""The full check of a ledger's file: whether every balance is the sum of what is behind it. For `farthing doctor`."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from farthing.stores.sqlite.chain.balances import disagreements
from farthing.stores.sqlite.connect import Connect, open_reader
from farthing.stores.sqlite.writing.balances import Finding


def verify(
    path: Path, *, progress: Callable[[int], None] = lambda _: None, connect: Connect = sqlite3.connect
) -> list[Finding]:
    """Everything wrong with the file; nothing is what it should be. Reads in short transactions and blocks nobody.

    Open holds must add up to `held` and `unknown`, what settled attempts posted (corrections included) to `posted`, on
    every account, and an attempt that has ended must have posted once for each of its charges. `progress` is told how many
    attempts were read. Raises StoreBroken when the file cannot be opened.
    """
    connection = open_reader(path, connect=connect)
    try:
        return _damage(connection) or disagreements(connection, partial(_moment, connection), progress)
    finally:
        connection.close()


@contextmanager
def _moment(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _damage(connection: sqlite3.Connection) -> list[Finding]:
    return [
        Finding(account="", kind="file", row=0, sum=0, detail=str(line))
        for (line,) in connection.execute("PRAGMA quick_check")
        if line != "ok"
    ]
