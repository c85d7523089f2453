"""Where announced runs live: which of them an owner of this file opened, and whether that owner is still there.

A home is a line in `meta` beside the run's row: the slot of its owner and when that owner took it, or nothing at all once
the owner is known to be dead. Who holds the slot's lock now is another owner where the time is another.
"""

import sqlite3
from pathlib import Path

from farthing.stores.sqlite.owners import lock_if_dead

GONE = ""
"""The home of a run whose process is no more."""
OF = "home of run "
"""What its line begins with; the run's name follows. `guards` reads it beside the run."""

_SIGNED = "SELECT slot || ' ' || started_ms FROM owner WHERE slot = ?"
_PUT = "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)"
_DROP = "DELETE FROM meta WHERE name = ?"
_REGAIN = "DELETE FROM meta WHERE name = ? AND value = ?"
_DROP_OLD = "DELETE FROM meta WHERE name IN (SELECT ? || name FROM run WHERE touched_ms < ?)"
_LEAVE = (
    "DELETE FROM meta WHERE name >= ? AND name < ? "
    "AND value = (SELECT slot || ' ' || started_ms FROM owner WHERE slot = ?)"
)
_LIVED_IN = "SELECT name, value FROM meta WHERE name >= ? AND name < ? AND value <> ''"
_OWNERS = "SELECT slot || ' ' || started_ms FROM owner"
_ALL = (OF, OF[:-1] + chr(ord(OF[-1]) + 1))
"""What they are between."""


def put(connection: sqlite3.Connection, run: str, slot: int) -> None:
    """The run lives in the process that owns this slot now."""
    (home,) = connection.execute(_SIGNED, (slot,)).fetchone()
    connection.execute(_PUT, (OF + run, home))


def lose(connection: sqlite3.Connection, run: str) -> None:
    """Its process is no more."""
    connection.execute(_PUT, (OF + run, GONE))


def regain(connection: sqlite3.Connection, run: str) -> None:
    """It is not gone after all: somebody speaks for it. A process that it lives in stays its home."""
    connection.execute(_REGAIN, (OF + run, GONE))


def drop(connection: sqlite3.Connection, run: str) -> None:
    """It lives in no process of this file: it is over, or somebody speaks for it from elsewhere."""
    connection.execute(_DROP, (OF + run,))


def drop_before(connection: sqlite3.Connection, touched_ms: int) -> None:
    """Of runs that nobody spoke for since then, and that are about to be forgotten."""
    connection.execute(_DROP_OLD, (OF, touched_ms))


def leave(connection: sqlite3.Connection, slot: int) -> None:
    """The process goes in order, or lets go of the store for a while: what it left open has its beats to be judged by."""
    connection.execute(_LEAVE, (*_ALL, slot))


def deserted(connection: sqlite3.Connection, path: Path) -> tuple[str, ...]:
    """Runs whose process died without a word."""
    lived_in = connection.execute(_LIVED_IN, _ALL).fetchall()
    if not lived_in:
        return ()
    signed = {home for (home,) in connection.execute(_OWNERS)}
    dead = {home for home in {home for _, home in lived_in} if home not in signed or _is_dead(path, home)}
    return tuple(name.removeprefix(OF) for name, home in lived_in if home in dead)


def _is_dead(path: Path, home: str) -> bool:
    with lock_if_dead(path, int(home.split(maxsplit=1)[0])) as dead:
        return dead
