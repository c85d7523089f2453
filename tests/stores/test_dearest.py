"""The rows that cost most."""

from farthing.domain.usage import Usage
from farthing.ports.records import UsageRow
from farthing.stores.dearest import dearest_rows


def row(name, nanos):
    return UsageRow(
        group=(name,), calls=1, refused=0, attempts=1, usage=Usage(), cost_nanos=nanos, remainder_picos=0,
        estimated_nanos=0, unpriced=0, open=0,
    )  # fmt: skip


def test_the_dearest_come_first_and_equals_in_the_order_of_their_names():
    rows = [row("c", 5), row("b", 9), row("a", 5), row("d", 1)]
    assert [one.group for one in dearest_rows(rows, 3)] == [("b",), ("a",), ("c",)]
    assert dearest_rows(rows, 0) == ()
    assert len(dearest_rows(rows, 10)) == 4
