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


def sum_of(shown):
    """The last line of the table."""
    (last,) = (line for line in shown.splitlines() if line.split()[:1] == ["all"])
    return last


def test_the_sums_are_the_records(store):
    (row,) = asked_json("usage", "--by", "team,model")["rows"]
    assert row["group"] == {"team": "a", "model": "gpt-4o-mini"}
    assert (row["calls"], row["refused"], row["open"]) == (3, 1, 1)
    assert (row["input_tokens"], row["output_tokens"]) == (USAGE.input_tokens, USAGE.output_tokens)
    assert row["cache_read_input_tokens"] == USAGE.cache_read_input_tokens
    assert row["cost_usd"] == usd(PAID.nanos)


def test_the_table_ends_in_the_sum_of_its_rows(store):
    assert f"{USAGE.input_tokens:,}" in sum_of(invoke("usage", "--by", "outcome").output)


def test_the_sum_belongs_to_no_group_however_many_there_are(store):
    assert "(none)" not in sum_of(invoke("usage", "--by", "outcome,team").output)


def test_csv_has_the_same_numbers(store):
    (row,) = csv.DictReader(io.StringIO(invoke("usage", "--by", "user", "--format", "csv").stdout))
    assert (row["user"], row["cost_usd"], row["calls"]) == ("bob", usd(PAID.nanos), "3")


def test_json_may_be_asked_for_as_a_format(store):
    assert json.loads(invoke("usage", "--format", "json").stdout)["by"] == ["model"]


def test_no_calls_are_said_to_be_none(store):
    assert asked_json("usage", "--by", "model", "--since", "1m")["rows"]
    (store.parent / "empty").mkdir()
    empty = store.parent / "empty" / "e.db"
    invoke("keys", "new", "x", "--store", empty)
    assert "no calls" in invoke("usage", "--store", empty).output


def test_nothing_to_sum_by_is_a_mistake(store):
    assert "--by" in invoke("usage", "--by", ",", code=2).output


def test_only_what_is_asked_for_is_summed(store):
    assert asked_json("usage", "--where", "team=a,model=gpt-4o-mini")["total"]["calls"] == 3
    assert asked_json("usage", "--where", "team=b")["rows"] == []
    assert asked_json("usage", "--where", "agent=,team=a")["total"]["calls"] == 3
    assert asked_json("usage", "--where", "team=")["rows"] == []
    assert asked_json("usage", "--since", "2020-01-01", "--until", "2020-02-01")["rows"] == []


def test_the_total_is_the_sum_of_the_rows(store):
    report = asked_json("usage", "--by", "outcome")
    assert report["total"]["calls"] == sum(row["calls"] for row in report["rows"])
    assert report["total"]["cost_usd"] == usd(PAID.nanos)


def test_drivers_may_be_asked_for_as_a_group(store):
    report = asked_json("usage", "--by", "driver,team")
    assert report["by"] == ["team"]
    assert report["cost_usd"] == usd(PAID.nanos)


def test_options_before_a_report_would_change_nothing_and_are_refused(store):
    assert "farthing usage models --since" in invoke("usage", "--since", "1d", "models", code=2).output


def test_a_mistyped_report_is_named(store):
    assert "models" in invoke("usage", "model", code=2).output


@pytest.mark.parametrize(
    "words",
    [("--since", "yesterday"), ("--until", "soon"), ("--where", "team"), ("--by", "a,a"), ("--by", "TEAM!")],
)
def test_a_mistake_names_its_option(store, words):
    assert words[0] in invoke("usage", *words, code=2).output
