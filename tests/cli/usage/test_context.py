"""Context by turn as people and programs see it."""

import pytest

from farthing.cli.usage import context as module
from support.priced_past import keep, some_runs
from support.shell import asked_json, invoke

SINCE = ("--since", "2026-11-01")


@pytest.fixture
def records(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = list(some_runs(5, runs=12))
    keep(tmp_path / "farthing.db", records)
    return records


def test_every_call_is_a_turn_of_its_run(records):
    report = asked_json("usage", "context", *SINCE)
    assert sum(turn["calls"] for turn in report["turns"]) == report["calls"] == len(records)
    assert [turn["turn"] for turn in report["turns"]] == list(range(1, len(report["turns"]) + 1))
    assert report["complete"]


def test_where_there_are_too_many_calls_it_says_since_when(records):
    report = asked_json("usage", "context", "--most", "3", *SINCE)
    assert (report["calls"], report["complete"]) == (3, False)


def test_the_table_has_a_line_a_turn_up_to_a_screen(records, monkeypatch):
    assert "median input" in invoke("usage", "context", *SINCE).stdout
    monkeypatch.setattr(module, "_SHOWN", 2)
    assert "the first 2 of" in invoke("usage", "context", *SINCE).stdout
