"""Parquet: decimals to the nano-dollar, never floats."""

import sys
from decimal import Decimal

import pytest

from farthing.domain.money import usd
from farthing.domain.usage import Usage
from support.priced_past import call, keep, message, prompt
from support.shell import invoke


@pytest.fixture
def paid(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = call(1, prompt(message("user", "q", 10)), Usage(input_tokens=1_001, output_tokens=7), team="a")
    keep(tmp_path / "farthing.db", [record])
    return record.attempts[0].cost_nanos


ASKED = ("usage", "--by", "team", "--since", "2026-11-01", "--format", "parquet")


def test_amounts_are_decimals_of_nine_places(paid, tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    invoke(*ASKED, "--output", tmp_path / "usage.parquet")
    table = parquet.read_table(tmp_path / "usage.parquet")
    assert table.schema.field("cost_usd").type == pa.decimal128(38, 9)
    assert table.schema.field("calls").type == pa.int64()
    (row,) = table.to_pylist()
    assert row["cost_usd"] == Decimal(usd(paid))
    assert (row["team"], row["input_tokens"], row["saved_share"]) == ("a", 1_001, 0.0)


def test_where_pyarrow_is_missing_it_says_what_to_install(paid, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    said = invoke(*ASKED, "--output", tmp_path / "usage.parquet", code=1).output
    assert "pip install 'farthing[parquet]'" in said
