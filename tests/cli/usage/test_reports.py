"""Model distribution, caches and workflows as people and programs see them."""

import pytest

from farthing.cli.usage import reports as module
from farthing.domain.money import parse_usd
from support.priced_past import keep, moved, some_runs
from support.shell import asked_json, invoke

SINCE = ("--since", "2026-11-01")


@pytest.fixture
def records(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = list(some_runs(5, runs=12))
    keep(tmp_path / "farthing.db", records)
    return records


def spent(records):
    return sum(record.attempts[0].cost_nanos for record in records)


def test_models_share_one_whole(records):
    rows = asked_json("usage", "models", *SINCE)["rows"]
    assert sum(parse_usd(row["cost_usd"]) for row in rows) == spent(records)
    assert sum(row["share_of_cost"] for row in rows) == pytest.approx(1, abs=1e-5)
    assert sum(row["calls"] for row in rows) == len(records)
    assert "of cost" in invoke("usage", "models", *SINCE).stdout


def test_caches_have_a_rate_for_every_day(records):
    report = asked_json("usage", "cache", "--by", "workflow", *SINCE)
    assert {row["group"]["workflow"] for row in report["rows"]} == {"w0", "w1", "w2"}
    assert all(set(row["steps"]) == {"2026-11-22"} for row in report["rows"])
    shown = invoke("usage", "cache", "--by", "workflow", *SINCE).stdout
    assert "11-22" in shown


def test_what_a_table_has_no_room_for_is_said(records, monkeypatch, tmp_path):
    keep(tmp_path / "farthing.db", [moved(each, -86_400_000) for each in some_runs(5, runs=2)])
    monkeypatch.setattr(module, "_RATE_WIDTH", 1_000)
    monkeypatch.setattr(module, "_BESIDE", 0)
    assert "--json has all" in invoke("usage", "cache", "--step", "hour", *SINCE).stdout


def test_workflows_say_what_a_run_usually_costs(records, monkeypatch):
    monkeypatch.setattr(module, "RUNS_PAGE", 5)
    rows = asked_json("usage", "workflows", *SINCE)["rows"]
    runs = {dict(record.opening.labels)["run"] for record in records}
    assert sum(row["runs"] for row in rows) == len(runs)
    assert sum(parse_usd(row["cost_usd"]) for row in rows) == spent(records)
    assert "p90" in invoke("usage", "workflows", *SINCE).stdout


@pytest.mark.parametrize("report", ["models", "cache", "workflows", "context", "drivers"])
def test_nothing_is_said_to_be_nothing(records, report):
    shown = invoke("usage", report, "--since", "2020-01-01", "--until", "2020-01-02").stdout
    assert "2020-01-01" in shown
