"""FOCUS as Parquet: typed, exact, null where nothing is."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from support.billed_store import LAST, fill
from support.shell import invoke

parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet: pip install pyarrow")


def test_types_are_those_of_the_columns_and_sums_are_exact(tmp_path, monkeypatch):
    monkeypatch.chdir(fill(tmp_path))
    invoke("bill", "export", "--format", "parquet", "--output", "rows.parquet", "--allocate")
    table = parquet.read_table("rows.parquet")
    rows = table.to_pylist()
    assert sum(row["BilledCost"] for row in rows) == Decimal("0.000855")
    assert str(table.schema.field("PricingQuantity").type) == "decimal128(38, 15)"
    assert rows[0]["BillingPeriodStart"] == datetime.fromisoformat(f"{LAST}-01").replace(tzinfo=UTC)
    assert {type(row["x_RequestCount"]) for row in rows} == {int}
    assert all(row["ChargeClass"] is None for row in rows)


def test_an_empty_month_is_a_file_without_rows(tmp_path, monkeypatch):
    monkeypatch.chdir(fill(tmp_path))
    invoke("bill", "export", "--format", "parquet", "--output", "none.parquet", "--month", "2020-01")
    assert parquet.read_table("none.parquet").num_rows == 0
