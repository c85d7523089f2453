"""Cells of an export."""

import pytest

from farthing.billing.export_record import Record
from farthing.domain.errors import BadRequest


def record(**cells):
    return Record("line 7", cells)


def test_counts_may_be_written_as_decimals():
    assert record(n="3.0").count("n") == 3
    assert record(n=4).count("n") == 4
    assert record(n="").count("n") is None
    assert record().count("n") is None


@pytest.mark.parametrize("text", ["3.5", "-1", "many", "NaN", "Infinity", "1e999"])
def test_what_is_no_count_is_refused_by_column_and_line(text):
    with pytest.raises(BadRequest, match="line 7: n = ") as error:
        record(n=text).count("n")
    assert error.value.field == "n"


def test_money_is_exact_to_the_pico_dollar():
    assert record(x="0.003835980000000000000000000000").picos("x") == 3_835_980_000
    assert record(x="123.45").picos("x", cents=True) == 1_234_500_000_000
    assert record(x="-0.5").picos("x") == -500_000_000_000


@pytest.mark.parametrize("text", ["1790899200", "2026-10-02T00:00:00Z", "2026-10-02", "2026-10-02 00:00"])
def test_times_are_understood_in_every_way_they_are_written(text):
    assert record(t=text).moment("t") == 1_790_899_200_000


def test_the_first_time_that_is_there_counts():
    assert record(b="2026-10-02").moment("a", "b") == 1_790_899_200_000
    assert record().moment("a") is None
    with pytest.raises(BadRequest, match="is no time"):
        record(t="yesterday").moment("t")
