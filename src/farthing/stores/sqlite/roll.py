"""Who has a share in a ledger's file: the owners on its roll, and which of them live. For `farthing doctor`."""

from pathlib import Path

import msgspec

from farthing.stores.sqlite.connect import open_reader
from farthing.stores.sqlite.owners import lock_if_dead
from farthing.stores.sqlite.statements import sql


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """One slot of the roll: the process that took it last."""

    slot: int
    pid: int
    started_ms: int
    what: str
    alive: bool
    """Its lock is held: only a living process can."""
    held: int
    """Attempts in flight under this slot. A dead owner's become unknown when a gateway next sweeps."""


def roll(path: Path) -> list[Enrolled]:
    """Every owner, by slot. Changes nothing. Raises StoreBroken when the file cannot be opened."""
    connection = open_reader(path)
    try:
        rows = connection.execute(sql("owner_roll")).fetchall()
    finally:
        connection.close()
    return [
        Enrolled(slot=slot, pid=pid, started_ms=started_ms, what=what, alive=_lives(path, slot), held=held)
        for slot, pid, started_ms, what, held in rows
    ]


def _lives(path: Path, slot: int) -> bool:
    with lock_if_dead(path, slot) as dead:
        return not dead
