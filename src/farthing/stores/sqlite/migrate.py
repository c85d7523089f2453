"""Bringing the schema up to date: numbered SQL files, each applied once, in one transaction."""

import sqlite3
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from farthing.domain.errors import StoreBroken

APPLICATION_ID = 0x46525448
"""`FRTH` in the file's header: this database is Farthing's."""

# A PRAGMA takes no bound values.
_SIGN = f"PRAGMA application_id = {APPLICATION_ID}"
_COUNT = "PRAGMA user_version = {}"
_ANOTHERS = "this is another program's database; name another file for the ledger"


def migrate(connection: sqlite3.Connection) -> None:
    """Apply what is missing. Safe when several processes start at once: each step is decided under the write lock.

    `PRAGMA user_version` counts the steps applied. Raises StoreBroken, having changed nothing, for a file that a newer
    Farthing made or that is another program's.
    """
    scripts = migrations()
    while (version := _version(connection)) < len(scripts):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) == version:  # nobody was quicker
                _apply(connection, version + 1, scripts[version])
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    if version > len(scripts):
        raise StoreBroken(
            f"this ledger is of schema {version}, made by a newer Farthing; this one knows up to {len(scripts)}: "
            "upgrade Farthing, or restore the backup made before the upgrade"
        )
    if _application(connection) != APPLICATION_ID:
        raise StoreBroken(_ANOTHERS)


@cache
def migrations() -> tuple[str, ...]:
    """The SQL of every step, in order. Their files are numbered from 0001 without a gap."""
    found = sorted(
        (entry for entry in (files(__package__) / "migrations").iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    assert [int(entry.name[:4]) for entry in found] == list(range(1, len(found) + 1))
    return tuple(entry.read_text(encoding="utf-8") for entry in found)


def statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would end the transaction it runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _apply(connection: sqlite3.Connection, number: int, script: str) -> None:
    if number == 1:
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() != (0,):
            raise StoreBroken(_ANOTHERS)
        connection.execute(_SIGN)
    elif _application(connection) != APPLICATION_ID:
        raise StoreBroken(_ANOTHERS)
    for statement in statements(script):
        connection.execute(statement)
    connection.execute(_COUNT.format(number))


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    assert isinstance(version, int)
    return version


def _application(connection: sqlite3.Connection) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    assert isinstance(application, int)
    return application
