"""Sums by anything that calls are labelled with, as a table, JSON or CSV."""

import csv
import io
import json

import pytest

from farthing.domain.money import usd
from support.filled_store import PAID, USAGE, fill
from support.shell import asked_json, invoke


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path / "farthing.db").path


def test_the_sums_are_the_records(store):
    (row,) = asked_json("usage", "--by", "team,model")["rows"]
    assert row["group"] == {"team": "a", "model": "gpt-4o-mini"}
    assert (row["calls"], row["refused"], row["open"]) == (3, 1, 1)
    assert (row["input_tokens"], row["output_tokens"]) == (USAGE.input_tokens, USAGE.output_tokens)
    assert row["cache_read_input_tokens"] == USAGE.cache_read_input_tokens
    assert row["cost_usd"] == usd(PAID.nanos)


def test_the_table_ends_in_the_sum_of_its_rows(store):
    lines = invoke("usage", "--by", "outcome").output.rstrip().splitlines()
    assert lines[-1].split()[0] == "all"
    assert f"{USAGE.input_tokens:,}" in lines[-1]


def test_the_sum_belongs_to_no_group_however_many_there_are(store):
    last = invoke("usage", "--by", "outcome,team").output.rstrip().splitlines()[-1]
    assert last.split()[0] == "all"
    assert "(none)" not in last


def test_csv_has_the_same_numbers(store):
    (row,) = csv.DictReader(io.StringIO(invoke("usage", "--by", "user", "--format", "csv").stdout))
    assert (row["user"], row["cost_usd"], row["calls"]) == ("bob", usd(PAID.nanos), "3")


def test_json_may_be_asked_for_as_a_format(store):
    assert json.loads(invoke("usage", "--format", "json").stdout)["by"] == ["model"]


def test_a_label_is_never_a_formula_of_a_spreadsheet():
    from farthing.cli.usage import _safe

    assert _safe("=cmd|calc") == "'=cmd|calc"
    assert _safe("team-a") == "team-a"


def test_no_calls_are_said_to_be_none(store):
    assert asked_json("usage", "--by", "model", "--since", "1m")["rows"]
    (store.parent / "empty").mkdir()
    empty = store.parent / "empty" / "e.db"
    invoke("keys", "new", "x", "--store", empty)
    assert "no calls" in invoke("usage", "--store", empty).output


def test_nothing_to_sum_by_is_a_mistake(store):
    assert "--by" in invoke("usage", "--by", ",", code=2).output
