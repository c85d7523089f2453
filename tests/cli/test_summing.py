"""Reports on a store that nobody summed: it is summed first, unless that is not wanted or cannot be."""

import sqlite3
from contextlib import closing

import pytest

from farthing.cli import summing as module
from farthing.cli.commands import INTERRUPTED, Said
from farthing.cli.options import settings_from
from farthing.cli.past import EVER, open_past
from farthing.config.engine import wall_ms
from farthing.stores.sqlite.history import SqliteHistory
from support.shell import asked_json, invoke
from support.unsummed import DAY_MS, write_past

DAYS = 3


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "LITTLE", 10)
    path = tmp_path / "farthing.db"
    write_past(path, DAYS, begin_ms=wall_ms() // DAY_MS * DAY_MS - DAYS * DAY_MS)
    return path


def told(*words):
    """What a report says, but for the moment at which it says it."""
    document = asked_json(*words)
    return {name: value for name, value in document.items() if name not in ("since", "until", "at", "forecast")}


def summed(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT count(*) FROM span WHERE whole = 1").fetchone()[0]


@pytest.mark.parametrize(
    "command",
    [
        "usage",
        "usage models",
        "usage cache",
        "usage burn",
        "usage workflows",
        "usage drivers",
        "outcomes report",
        "bill ls",
    ],
)
def test_reports_sum_up_first_and_say_the_same_without(path, command):
    slow = told(*command.split(), "--no-sum")
    assert summed(path) == 0
    assert told(*command.split()) == slow != {}
    assert summed(path) > 0


def test_no_more_is_summed_than_the_report_reads(path, monkeypatch):
    monkeypatch.setattr("farthing.stores.sqlite.sums.rollup.SPANS", 8)
    invoke("usage", "--since", "24h")
    history = SqliteHistory(path, now_ms=wall_ms)
    told = history.summing()
    history.close()
    assert 0 < told.summed_hours < told.hours


def test_what_is_little_is_read_as_it_is(path, monkeypatch):
    monkeypatch.setattr(module, "LITTLE", 10_000)
    invoke("usage")
    assert summed(path) == 0


def test_when_it_is_interrupted_what_is_summed_stays_and_the_next_report_goes_on(path, monkeypatch):
    monkeypatch.setattr("farthing.stores.sqlite.sums.rollup.SPANS", 8)
    pieces, whole = [], SqliteHistory.sum_up

    def sum_up(history):
        if len(pieces) == 2:
            raise KeyboardInterrupt
        pieces.append(whole(history))
        return True

    monkeypatch.setattr(SqliteHistory, "sum_up", sum_up)
    with pytest.raises(Said, match="--no-sum does without") as said, open_past(settings_from(None), reads=EVER):
        raise AssertionError("nothing is reported")
    assert said.value.exit_code == INTERRUPTED
    assert "summing up the past: " in said.value.message
    kept = summed(path)
    assert kept > 0
    monkeypatch.setattr(SqliteHistory, "sum_up", whole)
    invoke("usage")
    assert summed(path) > kept


def test_where_nothing_can_be_written_now_the_report_is_read_from_calls(path, monkeypatch):
    monkeypatch.setattr("farthing.stores.sqlite.connect.BUSY_SECONDS", 0.05)
    slow = told("usage", "--no-sum")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # as a writer that never ends
    said, found = invoke("usage").stderr, told("usage")
    other.execute("ROLLBACK")
    other.close()
    assert "cannot be summed up, so it is read call by call" in said
    assert found == slow
    assert summed(path) == 0


def test_a_file_that_cannot_be_written_is_named_with_what_to_do(path, monkeypatch):
    monkeypatch.setattr("farthing.stores.sqlite.connect.os.access", lambda *_: False)
    assert "check its owner and mode" in invoke("usage", code=69).output
