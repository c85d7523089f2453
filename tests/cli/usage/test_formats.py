"""One report in every form: exact everywhere, narrow where the screen is narrow."""

import csv
import io
import json

import pytest

from farthing.cli.usage import formats as module
from farthing.cli.usage.formats import FORMATS, safe
from farthing.domain.money import usd
from farthing.domain.usage import Usage
from farthing.reports.figures import FIGURES
from support.priced_past import NOW_MS, call, keep, message, prompt
from support.shell import invoke

USAGE = Usage(input_tokens=1_000_000, cache_read_input_tokens=250_000, output_tokens=70_000)
SINCE = ("--since", "2026-11-01")


@pytest.fixture
def paid(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = call(1, prompt(message("user", "q", 10)), USAGE, team="=sum(a1)", at_ms=NOW_MS)
    keep(tmp_path / "farthing.db", [record])
    return record.attempts[0].cost_nanos


def test_csv_has_every_figure_and_no_formula(paid):
    (row,) = csv.DictReader(io.StringIO(invoke("usage", "--by", "team", *SINCE, "--format", "csv").stdout))
    assert set(row) == {"team", *(figure.name for figure in FIGURES)}
    assert (row["team"], row["cost_usd"], row["cache_hit_rate"]) == ("'=sum(a1)", usd(paid), "0.25")


def test_a_file_holds_what_the_screen_shows(paid, tmp_path):
    for form in ("csv", "json"):
        shown = invoke("usage", "--by", "team", *SINCE, "--format", form).stdout
        invoke("usage", "--by", "team", *SINCE, "--format", form, "--output", tmp_path / "out")
        written = (tmp_path / "out").read_text()
        if form == "csv":
            assert written == shown
        else:
            assert json.loads(written)["rows"] == json.loads(shown)["rows"]


def test_a_table_goes_to_no_file(paid, tmp_path):
    assert "csv or parquet" in invoke("usage", "--output", tmp_path / "out", code=1).output


def test_the_table_says_what_was_saved(paid):
    shown = invoke("usage", *SINCE).stdout
    assert "saved" in shown
    assert "25.0%" in shown
    assert "refused" not in shown


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_columns_make_room_on_a_narrow_screen(paid, width, monkeypatch):
    real = module.screen

    def narrow():
        made = real()
        made.width = width
        return made

    monkeypatch.setattr(module, "screen", narrow)
    lines = invoke("usage", "--by", "team", *SINCE).stdout.splitlines()
    assert max(map(len, lines)) <= width
    assert ("cached" in lines[0]) == (width >= 80)


def test_what_is_not_the_whole_truth_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    odd = [
        call(1, prompt(), Usage(input_tokens=10), nanos=5, source="estimate"),
        call(2, prompt(), Usage(input_tokens=10), model="gpt-unknown-99"),
        call(3, prompt(), None, state="held"),
    ]
    keep(tmp_path / "farthing.db", odd)
    shown = invoke("usage", *SINCE).stdout
    assert "$0.000000005 of it is estimated" in shown
    assert "1 attempt is still open" in shown
    assert "1 attempt is without a price" in shown
    assert "prices check" in shown


def test_a_label_is_never_a_formula_of_a_spreadsheet():
    assert safe("=cmd|calc") == "'=cmd|calc"
    assert safe("team-a") == "team-a"


def test_every_form_can_be_asked_for(paid, tmp_path):
    assert {"table", "json", "csv", "parquet"} <= set(FORMATS)
