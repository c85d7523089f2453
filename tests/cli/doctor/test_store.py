"""What the doctor sees in the store."""

import os
import subprocess
import sys

import pytest
from rich.console import Console

from farthing.cli.doctor.examination import State
from farthing.cli.doctor.store import store_findings
from farthing.config.engine import wall_ms
from farthing.config.load import load
from farthing.stores.sqlite.history import SqliteHistory
from farthing.stores.sqlite.ledger import SqliteLedger
from support.filled_store import fill
from support.pasts import CARD_OF
from support.unsummed import DAY_MS, write_past

QUIET = Console(quiet=True)


def found(path):
    return list(store_findings(load(None, {}, {"store.url": f"sqlite:///{path}"}), QUIET))


def said(path, part: str) -> list[str]:
    return [finding.said for finding in found(path) if finding.part == part]


def test_who_has_the_ledger_open_is_said(tmp_path):
    path = tmp_path / "f.db"
    ledger = SqliteLedger.open(path, what="serve")
    try:
        (owner,) = said(path, "owners")
        assert owner.startswith(f"serve (pid {os.getpid()})")
    finally:
        ledger.close_now()
    assert said(path, "owners") == ["no process has the ledger open"]


def test_calls_that_a_dead_process_left_are_noted(tmp_path):
    path = tmp_path / "f.db"
    script = (
        "import os, sys; from pathlib import Path; from farthing.stores.sqlite.ledger import SqliteLedger\n"
        "from support.money import budget, fixed\n"
        "ledger = SqliteLedger.open(Path(sys.argv[1])); ledger.adopt([budget(nanos=1000)], ())\n"
        "ledger.reserve_blocking(fixed(1, 5)); os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", script, path], env=environment, check=False)
    assert any("died with 1 calls in flight" in line for line in said(path, "owners"))
    assert said(path, "holds") == ["held by calls in flight, over all accounts: $0.000000005"]


def test_what_nobody_knows_is_added_up_with_a_call_to_look_at(tmp_path):
    store = fill(tmp_path / "f.db")
    (line,) = said(store.path, "holds")
    assert store.unknown in line
    assert "1 call" in line


def test_a_store_that_others_can_read_is_noted(tmp_path):
    path = fill(tmp_path / "f.db").path
    assert not any("other users" in line for line in said(path, "store"))
    path.chmod(0o644)
    assert any("other users" in line for line in said(path, "store"))


def test_a_disk_that_is_nearly_full_is_bad(tmp_path, monkeypatch):
    path = fill(tmp_path / "f.db").path
    monkeypatch.setattr("farthing.cli.doctor.store.LOW_DISK_BYTES", 1 << 62)
    assert any(finding.state is State.BAD and "left on its disk" in finding.said for finding in found(path))


def test_a_store_in_memory_is_only_noted():
    (finding,) = store_findings(load(None, {}, {"store.url": "memory:"}), QUIET)
    assert finding.state is State.NOTE


@pytest.mark.parametrize("part", ["store", "ledger", "owners", "holds"])
def test_every_part_is_looked_at(part: str, tmp_path):
    assert said(fill(tmp_path / "f.db").path, part)


def test_it_says_how_far_the_past_is_summed(tmp_path):
    path = tmp_path / "f.db"
    write_past(path, 2, begin_ms=wall_ms() // DAY_MS * DAY_MS - 2 * DAY_MS)
    (left,) = (finding for finding in found(path) if finding.part == "past")
    assert left.state is State.NOTE
    assert left.said.startswith("summing up the past: 0 % (0 of ")
    assert "farthing serve" in left.do
    history = SqliteHistory(path, now_ms=wall_ms)
    history.price_with(CARD_OF)
    while history.sum_up():
        continue
    history.close()
    (done,) = (finding for finding in found(path) if finding.part == "past")
    assert (done.state, done.do) == (State.GOOD, "")
    assert done.said.startswith("the past is summed up, ")
