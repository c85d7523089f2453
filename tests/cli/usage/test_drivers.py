"""Drivers as people and programs see them: they sum to the spend."""

import csv
import io

import pytest

from farthing.cli.usage.drivers import WORDS
from farthing.domain.money import parse_usd, usd
from farthing.domain.usage import Usage
from farthing.reports.drivers import Driver
from support.priced_past import call, keep, message, prompt, some_runs
from support.shell import asked_json, invoke

SINCE = ("--since", "2026-11-01")


@pytest.fixture
def nanos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = list(some_runs(5, runs=12))
    keep(tmp_path / "farthing.db", records)
    return sum(record.attempts[0].cost_nanos for record in records)


@pytest.mark.parametrize("words", [("drivers",), ("drivers", "--by", "workflow,run"), ("--by", "driver,run")])
def test_the_parts_sum_to_what_usage_says(nanos, words):
    report = asked_json("usage", *words, *SINCE)
    assert sum(parse_usd(row["cost_usd"]) for row in report["rows"]) == nanos
    assert report["cost_usd"] == asked_json("usage", *SINCE)["total"]["cost_usd"] == usd(nanos)


def test_the_table_says_what_to_do(nanos):
    shown = invoke("usage", "drivers", *SINCE).stdout
    assert "earlier messages, again" in shown
    assert "cache the prefix" in shown


def test_csv_has_a_line_for_each_driver(nanos):
    rows = list(csv.DictReader(io.StringIO(invoke("usage", "--by", "driver", *SINCE, "--format", "csv").stdout)))
    assert sum(parse_usd(row["cost_usd"]) for row in rows) == nanos


def test_a_form_it_has_not_is_refused(nanos):
    assert "--format table, json or csv" in invoke("usage", "--by", "driver", "--format", "parquet", code=1).output


def test_every_driver_has_words():
    assert set(WORDS) == set(Driver)


def test_models_of_the_tiers_are_siblings_though_nobody_used_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keep(tmp_path / "farthing.db", [call(1, prompt(message("user", "q", 40)), Usage(input_tokens=10, output_tokens=5))])
    assert "large_model" not in str(asked_json("usage", "drivers", *SINCE))
    (tmp_path / "farthing.toml").write_text('[tiers]\nsmall = ["gpt-4o-mini"]\n[providers.openai]\nformat = "openai"\n')
    assert "large_model" in str(asked_json("usage", "drivers", *SINCE))
