"""Faults of the disk under a running gateway: full, failing, read-only or locked, when money is reserved or settled."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from farthing.stores.sqlite import connect as connecting
from support import faults as failing
from support.fault_changes import in_flight
from support.fault_gateway import Stage
from support.fault_words import Case
from support.fault_world import Run, at_once, call
from support.faults import Faults
from support.hasty import Seen, eventually

BUSY_SECONDS = 0.05
"""How long the ledger waits for another program's transaction here."""
Break = Callable[[], None]


def failing_disk(stage: Stage, case: Case, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """The disk fails before the calls or while they are in flight, and works again when their clients are served."""
    what, moment = case.inject.split()
    with _disk(stage, what) as (fail, mend):
        if moment == "settle":
            seen = in_flight(stage, runs, fail)
        else:
            fail()
            seen = at_once(runs, lambda run: call(stage.url, run))
        mend()
        eventually(stage.quiet, "the ledger works again")
    return seen


@contextmanager
def _disk(stage: Stage, what: str) -> Iterator[tuple[Break, Break]]:
    """The gateway's ledger on a file that fails in this way between the first call and the second."""
    faults, other = Faults(), _OtherProgram(stage)
    before, patience = _ledger_on(stage, faults.connect), connecting.BUSY_SECONDS
    connecting.BUSY_SECONDS = BUSY_SECONDS
    _ledger_on(stage, faults.connect)
    try:
        if what == "locked":
            yield other.lock, other.free
        else:
            yield (lambda: _arm(faults, what)), faults.disarm
    finally:
        connecting.BUSY_SECONDS = patience
        _ledger_on(stage, before)
        other.connection.close()


def _arm(faults: Faults, what: str) -> None:
    makes = {"full": failing.disk_full, "eio": failing.io_error, "read-only": failing.read_only, "fsync": fsync_error}
    writes = {"COMMIT"} if what == "fsync" else {"INSERT", "UPDATE"}
    faults.arm(lambda verb, _: verb in writes, makes[what], after=what == "fsync")


def fsync_error() -> sqlite3.OperationalError:
    """What SQLite says when fsync failed; what was written may be on the disk."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    return error


def _ledger_on(stage: Stage, connect):
    """Let the ledger open its file anew through `connect`; returns what it went through before."""
    shift = stage.gateway.engine.ledger._shift
    shift.pause()
    before = shift.place.connect
    shift.place = msgspec.structs.replace(shift.place, connect=connect)
    shift.resume()
    return before


class _OtherProgram:
    """Somebody else at the file."""

    def __init__(self, stage: Stage) -> None:
        file = stage.folder / "farthing.db"
        self.connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)

    def lock(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")

    def free(self) -> None:
        self.connection.execute("ROLLBACK")
