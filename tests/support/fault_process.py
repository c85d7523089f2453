"""Faults that happen to a gateway process: killed at chosen moments, frozen, told to stop, started on a damaged file.

Six runs meet each fault at one time. One process serves until it is killed; the next one recovers, and meets the next.
"""

import os
import shutil
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from farthing.domain.errors import StoreBroken
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.records import SqliteRecords
from support import fault_world as world
from support.fault_clients import sent
from support.fault_words import Case, Policy
from support.fault_world import NOBODY_SAW, Outcome, Outcomes, Run, billed, call, left_by, six_runs, then, warm_up
from support.gateway_process import GatewayProcess, LedgerFile
from support.hasty import Seen, eventually

SLOW_STREAM, SLOW_WHOLE = "slow:seconds=0.05", "latency:seconds=1.5"
"""An answer of forty pieces takes two seconds."""
LATE = "latency:seconds=0.8"
FILE = "farthing.db"


class KilledGateways:
    """A provider and one gateway process after the other, on one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.provider = world.provider()
        self._stack = ExitStack()

    def __enter__(self) -> "KilledGateways":
        self._stack.enter_context(self.provider.in_thread())
        self.config = world.write_config(self.folder, self.provider.url)
        self.gateway = self._stack.enter_context(GatewayProcess(self.config))
        return self

    def __exit__(self, *_: object) -> None:
        self.gateway.stop()
        self._stack.close()

    @property
    def url(self) -> str:
        return self.gateway.url

    def meet(self, case: Case) -> Outcomes:
        """Six runs meet the fault; when this returns a gateway is at work again."""
        runs = six_runs(case.name)
        for run in runs:
            warm_up(self.url, run)
        eventually(self._quiet, "what the warm-ups cost is in the file")
        self.provider.reset()
        seen = _SCENES[case.inject](self, runs)
        eventually(self._quiet, "the bill is made up, and nothing is held")
        with closing_records(self.folder / FILE) as records:
            left = {run: left_by(records, run) for run in runs}
        bills = {run: billed(self.provider, run) for run in runs}
        with_key = case.inject == "after the settle"
        after = {run: then(self.url, run, **key_of(run) if with_key else {}) for run in runs}
        assert not with_key or len(self.provider.bill) == len(runs), "nothing was sent again"
        return {(run.policy, run.streamed): Outcome(run, seen[run], left[run], bills[run], after[run]) for run in runs}

    def kill(self) -> None:
        self.gateway.kill()
        self.gateway.gone()

    def all_sent(self, runs: tuple[Run, ...]) -> bool:
        return len(self.provider.bill) == len(runs)

    def states(self, runs: tuple[Run, ...]) -> list[str]:
        """Of the attempts with the caps of these runs that came last, as they stand in the file."""
        caps = {run.cap for run in runs}
        with LedgerFile(self.folder / FILE) as ledger:
            rows = sorted(row for row in ledger.rows() if row.cap in caps)
        return [row.state for row in rows][-len(runs) :]

    def attempts(self) -> int:
        with LedgerFile(self.folder / FILE) as ledger:
            return len(ledger.rows())

    def landed(self, runs: tuple[Run, ...]) -> bool:
        """Whether the file says of every run that lands that it had its last answer."""
        landing = {run.name for run in runs if run.policy is Policy.LAND}
        with LedgerFile(self.folder / FILE) as ledger:
            return landing <= {
                name for (name,) in ledger.connection.execute("SELECT name FROM run WHERE landed <> '[]'")
            }

    def _quiet(self) -> bool:
        with LedgerFile(self.folder / FILE) as ledger:
            held = ledger.standing()[1]
        return not held and not any(entry.outcome == "running" for entry in self.provider.bill)


@contextmanager
def closing_records(file: Path) -> Iterator[SqliteRecords]:
    records = SqliteRecords(file)
    try:
        yield records
    finally:
        records.close()


def key_of(run: Run) -> dict[str, str]:
    return {"idempotency_key": run.name}


def slow_text(run: Run) -> str:
    return f"{world.TEXT} [[sim fault={SLOW_STREAM if run.streamed else SLOW_WHOLE}]]"


def late_text(_: Run) -> str:
    return f"{world.TEXT} [[sim fault={LATE}]]"


class Calls:
    """One call of each run, each in a thread of its own."""

    def __init__(self, url: str, runs: tuple[Run, ...], text: Callable[[Run], str]) -> None:
        self.seen: dict[Run, Seen] = {}
        self._runs = runs
        self._threads = [threading.Thread(target=self._call, args=(url, run, text(run))) for run in runs]
        for thread in self._threads:
            thread.start()

    def _call(self, url: str, run: Run, text: str) -> None:
        self.seen[run] = call(url, run, text)

    def all_back(self) -> bool:
        return len(self.seen) == len(self._runs)

    def over(self) -> dict[Run, Seen]:
        for thread in self._threads:
            thread.join(60)
        assert self.all_back(), "a call did not end"
        return self.seen


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program has the right to write, and the gateway waits for it."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def _nobody(runs: tuple[Run, ...]) -> dict[Run, Seen]:
    return dict.fromkeys(runs, NOBODY_SAW)


# Killed


def _before_the_reserve(stage: KilledGateways, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """The requests have arrived, and what sets their money aside cannot be written yet."""
    before = stage.attempts()
    with ExitStack() as stack, locked(stage.folder / FILE):
        for run in runs:
            stack.enter_context(sent(stage.url, run))
        health = httpx2.get(f"{stage.url}/healthz", trust_env=False)
        assert health.status_code == 200, "it has read what came before"
        stage.kill()
    assert stage.attempts() == before
    stage.gateway.start()
    return _nobody(runs)


def _before_the_dispatch(stage: KilledGateways, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """The provider's door takes no connection: the money is set aside, and no byte leaves."""
    assert stage.gateway.stop() == 0
    with _door_that_never_opens() as url:
        world.write_config(stage.folder, url)
        stage.gateway.start()
        calls = Calls(stage.url, runs, lambda run: world.TEXT)
        eventually(lambda: stage.states(runs) == ["held"] * len(runs), "the money is set aside")
        stage.kill()
    world.write_config(stage.folder, stage.provider.url)
    seen = calls.over()
    stage.gateway.start()
    return _unanswered(seen)


@contextmanager
def _door_that_never_opens() -> Iterator[str]:
    """An address whose queue of new connections is full: a connection is neither made nor refused."""
    with ExitStack() as stack:
        door = stack.enter_context(socket.socket())
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(door.getsockname())
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


def _in_mid_answer(stage: KilledGateways, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    calls = Calls(stage.url, runs, slow_text)
    eventually(lambda: stage.all_sent(runs), "all are under way")
    stage.kill()
    seen = calls.over()
    stage.gateway.start()
    return _unanswered(seen)


def _unanswered(seen: dict[Run, Seen]) -> dict[Run, Seen]:
    """A stream may have begun; no answer came to its end."""
    assert not any(each.ended for each in seen.values())
    return dict.fromkeys(seen, NOBODY_SAW)


def _before_the_settle(stage: KilledGateways, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """Every client has its answer, and what it cost cannot be written yet."""
    calls = Calls(stage.url, runs, late_text)
    eventually(lambda: stage.all_sent(runs), "all are under way")
    with locked(stage.folder / FILE):
        eventually(calls.all_back, "all have their answers")
        stage.kill()
    stage.gateway.start()
    return calls.over()


def _after_the_settle(stage: KilledGateways, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """What the calls cost is in the file; the clients have read nothing when the gateway is gone."""
    with ExitStack() as stack:
        for run in runs:
            stack.enter_context(sent(stage.url, run, **{"idempotency-key": run.name}))
        eventually(lambda: stage.all_sent(runs), "all are under way")
        eventually(lambda: stage.states(runs) == ["settled"] * len(runs), "all are settled in the file")
        stage.kill()
    stage.gateway.start()
    return _nobody(runs)


# The file


def _answered_and_killed(stage: KilledGateways, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    seen = Calls(stage.url, runs, lambda run: world.TEXT).over()
    eventually(lambda: stage.states(runs) == ["settled"] * len(runs), "all are settled in the file")
    eventually(lambda: stage.landed(runs), "and so are the last answers")
    stage.kill()
    return seen


def _garbage_in_the_log(stage: KilledGateways, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """A write that was never finished: no checksum fits."""
    seen = _answered_and_killed(stage, runs)
    log = stage.folder / f"{FILE}-wal"
    assert log.stat().st_size > 0
    with log.open("ab") as end:
        end.write(bytes(range(256)) * 20)
    stage.gateway.start()
    return seen


def _damaged_file(stage: KilledGateways, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """A gateway that finds the file damaged must not begin to count from nothing."""
    seen = _answered_and_killed(stage, runs)
    backup = stage.folder / "backup"
    backup.mkdir()
    for part in stage.folder.glob(f"{FILE}*"):
        if part.is_file():
            shutil.copy(part, backup / part.name)
    damaged = stage.folder / FILE
    damaged.write_bytes(b"no database" * 400)
    for rest in ("-wal", "-shm"):
        damaged.with_name(FILE + rest).unlink(missing_ok=True)
    with pytest.raises(StoreBroken, match="is not a SQLite database"):
        open_database(damaged)
    for part in backup.glob(f"{FILE}*"):
        shutil.copy(part, stage.folder / part.name)
    stage.gateway.start()
    return seen


# Stopped


def _frozen(stage: KilledGateways, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """The other process starts, looks for the holds of the dead, and must not take these for such."""
    calls = Calls(stage.url, runs, late_text)
    eventually(lambda: stage.all_sent(runs), "all are under way")
    frozen = process_of(stage.gateway)
    os.kill(frozen, signal.SIGSTOP)
    try:
        with GatewayProcess(stage.config) as other:
            assert stage.states(runs) == ["held"] * len(runs), "what a frozen process holds is not taken from it"
            assert other.stop() == 0
    finally:
        os.kill(frozen, signal.SIGCONT)
    return calls.over()


def process_of(gateway: GatewayProcess) -> int:
    assert gateway._process is not None
    return gateway._process.pid


def _told_to_stop(stage: KilledGateways, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    calls = Calls(stage.url, runs, late_text)
    eventually(lambda: stage.all_sent(runs), "all are under way")
    assert stage.gateway.stop() == 0
    assert stage.states(runs) == ["settled"] * len(runs), "what they cost is in the file when it has stopped"
    stage.gateway.start()
    return calls.over()


_SCENES: dict[str, Callable[[KilledGateways, tuple[Run, ...]], dict[Run, Seen]]] = {
    "before the reserve": _before_the_reserve,
    "before the dispatch": _before_the_dispatch,
    "in mid-answer": _in_mid_answer,
    "before the settle": _before_the_settle,
    "after the settle": _after_the_settle,
    "garbage in the log": _garbage_in_the_log,
    "damaged file": _damaged_file,
    "frozen": _frozen,
    "told to stop": _told_to_stop,
}
