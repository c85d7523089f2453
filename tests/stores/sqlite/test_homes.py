"""Homes of runs: what a dead process announced is bereft once, what lives or went in order never."""

import itertools

import pytest

from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.guards import SqliteGuards
from farthing.stores.sqlite.homes import OF
from farthing.stores.sqlite.owners import Owner

times = itertools.count(1_000)


class Process:
    """One that shares the file, as far as runs know it."""

    def __init__(self, path, what="sdk"):
        self._connection = open_database(path)
        self.owner = Owner.acquire(path, self._connection, what=what, now_ms=next(times))
        self.guards = SqliteGuards(path, now_ms=lambda: next(times), slot=lambda: self.owner.slot)

    def announces(self, run):
        return self.guards.start(run, by="", beat_every_ms=60_000, who="sdk", here=True)

    def dies(self):
        """The kernel frees the lock of a killed process; its connections say nothing more."""
        self.owner.release()
        self.guards._handle.close()
        self._connection.close()

    def leaves(self):
        self.guards.close()
        self.owner.release()
        self._connection.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "farthing.db"


@pytest.fixture
def other(path):
    process = Process(path, "serve")
    yield process
    process.leaves()


def homes_in(path):
    connection = open_database(path)
    rows = connection.execute("SELECT name, value FROM meta WHERE name LIKE ?", (OF + "%",)).fetchall()
    connection.close()
    return {name.removeprefix(OF): value for name, value in rows}


def run_of(guards, name="r1"):
    return next(each for each in guards.known().runs if each.name == name)


def test_a_run_of_a_dead_process_is_bereft_once_and_told_to_everybody(path, other):
    dying = Process(path)
    dying.announces("r1")
    assert other.guards.bereave() == ()
    before = other.guards.known().version
    dying.dies()
    assert other.guards.bereave() == ("r1",)
    assert other.guards.bereave() == ()
    (run,) = other.guards.known(before).runs
    assert (run.name, run.gone, run.ended_ms) == ("r1", True, None)


def test_it_is_on_record_who_died(path, other):
    dying = Process(path)
    dying.announces("r1")
    dying.dies()
    other.guards.bereave()
    connection = open_database(path)
    found = connection.execute("SELECT by, subject, detail FROM audit WHERE action = 'run.bereave'").fetchall()
    connection.close()
    assert found == [("farthing", "r1", "its process died")]


def test_whoever_takes_the_slot_of_the_dead_takes_none_of_its_runs(path):
    dying = Process(path)
    dying.announces("r1")
    slot = dying.owner.slot
    dying.dies()
    heir = Process(path)
    assert heir.owner.slot == slot
    heir.announces("r2")
    assert heir.guards.bereave() == ("r1",)
    assert not run_of(heir.guards, "r2").gone
    heir.leaves()


def test_the_dead_take_nobody_elses_runs_with_them(path, other):
    dying = Process(path)
    dying.announces("r1")
    other.announces("r2")
    other.guards.start("r3", by="", beat_every_ms=60_000, who="key bot")
    dying.dies()
    assert other.guards.bereave() == ("r1",)
    assert [run_of(other.guards, name).gone for name in ("r2", "r3")] == [False, False]


def test_a_process_that_leaves_in_order_leaves_its_runs_to_their_beats(path, other):
    leaving = Process(path)
    leaving.announces("r1")
    leaving.leaves()
    assert other.guards.bereave() == ()
    assert not run_of(other.guards).gone
    assert homes_in(path) == {}


def test_a_run_that_has_ended_has_no_home_and_cannot_be_bereft(path, other):
    dying = Process(path)
    dying.announces("r1")
    dying.guards.end("r1", by="", admin=True, who="sdk")
    assert homes_in(path) == {}
    dying.dies()
    assert other.guards.bereave() == ()


@pytest.mark.parametrize("back", ["beat", "start", "reopen"])
def test_a_run_that_was_bereft_comes_back_when_somebody_speaks_for_it(path, other, back):
    dying = Process(path)
    dying.announces("r1")
    dying.dies()
    other.guards.bereave()
    {
        "beat": lambda: other.guards.beat("r1", by="", admin=True),
        "start": lambda: other.guards.start("r1", by="", who="key bot"),
        "reopen": lambda: other.guards.reopen("r1", who="root"),
    }[back]()
    assert not run_of(other.guards).gone
    assert homes_in(path) == {}


def test_a_landing_of_a_run_that_is_gone_does_not_bring_it_back(path, other):
    dying = Process(path)
    dying.announces("r1")
    dying.dies()
    other.guards.bereave()
    assert other.guards.land("r1", agent="a")
    assert run_of(other.guards).gone


def test_beats_of_the_living_keep_it_at_home(path, other):
    process = Process(path)
    process.announces("r1")
    home = homes_in(path)
    process.guards.beat("r1", by="", admin=True, beat_every_ms=5_000)
    assert homes_in(path) == home
    process.dies()
    assert other.guards.bereave() == ("r1",)


def test_homes_are_forgotten_with_their_runs(path):
    dying = Process(path)
    dying.announces("old")
    dying.dies()
    late = SqliteGuards(path, now_ms=lambda: next(times) + 31 * 86_400_000)
    late.start("new", by="", who="key bot")
    assert (homes_in(path), [run.name for run in late.known().runs]) == ({}, ["new"])
    late.close()


def test_without_a_ledger_of_its_own_a_process_is_nobodys_home(path):
    guards = SqliteGuards(path, now_ms=lambda: 1)
    guards.start("r1", by="", who="sdk", here=True)
    assert (homes_in(path), guards.bereave()) == ({}, ())
    guards.close()
