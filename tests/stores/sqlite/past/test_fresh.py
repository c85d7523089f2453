"""Runs with calls that are not summed, read while others sum and take back."""

from contextlib import contextmanager

import pytest

from farthing.stores.sqlite.connect import open_database, open_reader
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.history import SqliteHistory
from farthing.stores.sqlite.past.behind import DUE_MS
from farthing.stores.sqlite.past.fresh import Fresh
from farthing.stores.sqlite.past.runs import TRIES, runs_now
from farthing.stores.sqlite.sums import pages
from farthing.stores.sqlite.sums.spans import Horizon, take_back
from farthing.stores.sqlite.sums.tally import Explainer
from support.pasts import CARD_OF
from support.recorded import call_id
from support.unsummed import BEGIN_MS, DAY_MS, HOUR_MS, write_call, write_past

DAYS, A_DAY = 2, 48
EXPLAINER = Explainer(CARD_OF)


class World:
    """A file, somebody who sums it, and a reader before whose transactions other things may happen."""

    def __init__(self, path):
        self.end_ms = write_past(path, DAYS, A_DAY)
        self.history = SqliteHistory(path, now_ms=lambda: self.end_ms + DUE_MS)
        self.history.price_with(CARD_OF)
        self.connection = open_database(path)
        self._handle = Handle(lambda: open_reader(path))
        self.meanwhile = []
        """What happens before each of the next transactions."""

    @contextmanager
    def reading(self):
        if self.meanwhile:
            self.meanwhile.pop(0)()
        with self._handle.reading() as connection:
            yield connection

    def sum_up(self):
        while self.history.sum_up():
            continue

    def doubt(self, number):
        """As a late settlement of this call does."""
        at_ms = BEGIN_MS + number * DAY_MS // A_DAY
        take_back(self.connection, Horizon.read(self.connection), [call_id(number, at_ms)], [])

    def runs(self):
        with runs_now(self, EXPLAINER) as found:
            query = "SELECT run FROM run_total"
            every = {run for (run,) in found.connection.execute(query)} | found.live.keys()
            return {run: found.find(run).sums[0] for run in every}

    def close(self):
        self._handle.close()
        self.connection.close()
        self.history.close()


WHOLE = {f"r{run}": 3 for run in range(DAYS * A_DAY // 3)}


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "f.db")
    yield world
    world.close()


def test_from_calls_and_from_sums_runs_are_the_same(world):
    assert world.runs() == WHOLE
    world.sum_up()
    assert world.runs() == WHOLE


def test_what_is_summed_while_calls_are_read_counts_once(world):
    world.meanwhile = [lambda: None] * 2 + [world.sum_up]
    assert world.runs() == WHOLE


def test_what_is_taken_back_meanwhile_is_read_from_calls_that_hour_alone(world):
    world.sum_up()
    world.meanwhile = [lambda: None, lambda: world.doubt(5)]
    fresh = Fresh(EXPLAINER, None)
    fresh.begin(world.reading, None)
    world.doubt(5)
    with world.reading() as connection:
        hours = fresh.outdated(connection)
    assert hours == {(BEGIN_MS + 5 * DAY_MS // A_DAY) // HOUR_MS * HOUR_MS}
    fresh.read_anew(world.reading, hours)
    with world.reading() as connection:
        assert fresh.outdated(connection) == set()
        live = fresh.whole_runs(connection)
    assert {run: part.sums[0] for run, part in live.items()} == {"r1": 3}


def test_slices_that_change_meanwhile_are_left_alone_and_their_hour_read_whole(world, tmp_path):
    late_ms = world.end_ms + 10 * 60_000
    write_call(world.connection, 500, late_ms, run="r0")
    now_ms = late_ms + 20 * 60_000
    slicing = SqliteHistory(tmp_path / "f.db", now_ms=lambda: now_ms)
    slicing.price_with(CARD_OF)
    fresh = Fresh(EXPLAINER, None)
    fresh.begin(world.reading, None)
    while slicing.sum_up():
        continue
    slicing.close()
    with world.reading() as connection:
        hours = fresh.outdated(connection)
    assert late_ms // HOUR_MS * HOUR_MS in hours
    fresh.read_anew(world.reading, hours)
    with world.reading() as connection:
        assert fresh.outdated(connection) == set()
        assert fresh.whole_runs(connection)["r0"].sums[0] == 4


def test_however_often_it_changes_the_transaction_of_the_answer_reads_only_what_changed_last(world, monkeypatch):
    """Whenever somebody looks, one more hour was taken back: the last look reads that hour, and nothing else."""
    world.sum_up()
    read, numbers, look = [], iter(range(0, DAYS * A_DAY, 2)), Fresh.outdated

    def outdated(fresh, connection):
        world.doubt(next(numbers))
        return look(fresh, connection)

    monkeypatch.setattr(Fresh, "outdated", outdated)
    monkeypatch.setattr("farthing.stores.sqlite.past.fresh.pages", lambda *asked: _noted(read, *asked))
    assert world.runs() == WHOLE
    hours = [where for where, since_ms, until_ms in read if until_ms - since_ms == HOUR_MS]
    assert hours == ["page"] * TRIES + ["answer"]
    assert {where for where, since_ms, until_ms in read if until_ms - since_ms > HOUR_MS} == {"page"}


def _noted(read, reading, horizon, since_ms, until_ms, value):
    read.append(("answer" if reading.__name__ == "<lambda>" else "page", since_ms, until_ms))
    yield from pages.pages(reading, horizon, since_ms, until_ms, value)


def test_one_run_is_found_among_calls_by_its_name(world):
    with runs_now(world, EXPLAINER, only="r7") as found:
        assert {run: part.sums[0] for run, part in found.live.items()} == {"r7": 3}
