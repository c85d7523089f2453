"""Faults of the disk under a running gateway: full, failing, read-only or locked, when money is reserved or settled."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from farthing.stores.sqlite import connect as connecting
from farthing.testing import Fault
from support import faults as failing
from support.fault_gateway import Stage
from support.fault_words import Case, Policy
from support.fault_world import Outcome, Run, billed, call, left_by, six_runs, then, warm_up
from support.faults import Faults
from support.hasty import Seen, eventually

BUSY_SECONDS = 0.05
"""How long the ledger waits for another program's transaction here."""
Outcomes = dict[tuple[Policy, bool], Outcome]
Break = Callable[[], None]


def disk_scene(stage: Stage, case: Case) -> Outcomes:
    """Six runs at one time meet a disk that fails, and then works again."""
    what, moment = case.inject.split()
    runs = six_runs(case.name)
    for run in runs:
        warm_up(stage.gateway.url, run)
    stage.provider.reset()
    with _disk(stage, what) as (fail, mend):
        met = _at_the_reserve if moment == "reserve" else _at_the_settle
        seen = met(stage, runs, fail)
        mend()
    eventually(lambda: _works(stage), "the ledger works again")
    left = {run: left_by(stage.gateway.engine.records, run) for run in runs}
    bills = {run: billed(stage.provider, run) for run in runs}
    return {
        (run.policy, run.streamed): Outcome(run, seen[run], left[run], bills[run], then(stage.gateway.url, run))
        for run in runs
    }


def _at_the_reserve(stage: Stage, runs: tuple[Run, ...], fail: Break) -> dict[Run, Seen]:
    fail()
    return at_once(runs, lambda run: call(stage.gateway.url, run))


def _at_the_settle(stage: Stage, runs: tuple[Run, ...], fail: Break) -> dict[Run, Seen]:
    stage.provider.faults.push(*[Fault(kind="latency", seconds=0.3)] * len(runs))

    def fail_once_all_are_sent() -> None:
        eventually(lambda: len(stage.provider.bill) == len(runs), "all are under way")
        fail()

    return at_once(runs, lambda run: call(stage.gateway.url, run), fail_once_all_are_sent)


def at_once(
    runs: tuple[Run, ...], act: Callable[[Run], Seen], meanwhile: Callable[[], None] = lambda: None
) -> dict[Run, Seen]:
    """Do it for all runs at one time, each in a thread."""
    seen: dict[Run, Seen] = {}
    threads = [threading.Thread(target=lambda run=run: seen.update({run: act(run)})) for run in runs]
    for thread in threads:
        thread.start()
    meanwhile()
    for thread in threads:
        thread.join(60)
    assert len(seen) == len(runs), "a call did not end"
    return seen


def _works(stage: Stage) -> bool:
    """Whether everything said so far is on the disk."""
    flushed = asyncio.run_coroutine_threadsafe(stage.gateway.engine.ledger.flush(), stage.gateway.loop)
    return flushed.exception(30) is None


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
