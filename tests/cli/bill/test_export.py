"""`farthing bill export`: FOCUS in every form."""

import csv
import io
import json
from decimal import Decimal

import pytest

from farthing.billing.focus_columns import columns
from support.billed_store import LAST, fill
from support.shell import asked_json, invoke


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path)


def test_csv_is_the_default_and_adds_up(folder):
    result = invoke("bill", "export")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert tuple(rows[0]) == columns("1.4")
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal("0.000855")
    assert {row["ResourceId"] for row in rows} == {"'=bot", ""}
    assert f"{LAST} is open" in result.stderr


def test_json_is_a_list_of_rows(folder):
    rows = asked_json("bill", "export", "--focus", "1.2", "--month", LAST)
    assert set(rows[0]) == set(columns("1.2"))
    assert {row["InvoiceIssuerName"] for row in rows} == {"Platform"}
    assert json.loads(invoke("bill", "export", "--format", "json", "--month", "2020-01").stdout) == []


def test_shared_costs_are_divided_where_that_is_asked(folder):
    rows = asked_json("bill", "export", "--allocate")
    assert {row["SubAccountId"] for row in rows} == {"search", "support"}
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal("0.000855")


def test_hours_are_rows_of_their_own(folder):
    rows = asked_json("bill", "export", "--hourly")
    assert {row["ChargePeriodEnd"][11:] for row in rows} == {"01:00:00Z"}


def test_a_closed_month_is_exported_as_it_was_told_without_a_warning(folder):
    before = invoke("bill", "export").stdout
    invoke("bill", "close", LAST)
    after = invoke("bill", "export")
    assert (after.stdout, after.stderr) == (before, "")


def test_a_file_is_written_or_said_why_not(folder):
    invoke("bill", "export", "--output", "rows.csv")
    assert (folder / "rows.csv").read_text().startswith("AllocatedMethodDetails,")
    assert "cannot be written" in invoke("bill", "export", "--output", "none/rows.csv", code=1).stderr
