"""Sums become rows."""

import msgspec

from farthing.domain.price import Rates
from farthing.stores.sqlite.past.rows import meter_rows, usage_rows
from farthing.stores.sqlite.sums.tally import SUMS

RATES = msgspec.json.encode(Rates(input=10, output=20, cache_read=1, request=5)).decode()


def sums(**given):
    return tuple(given.get(name, 0) for name in SUMS)


def test_rows_of_one_group_are_added_up_and_groups_are_in_order():
    rows = usage_rows([(("b",), sums(calls=1)), (("a",), sums(cost_nanos=5)), (("b",), sums(calls=2, naive_nanos=7))])
    assert [(row.group, row.calls, row.cost_nanos, row.naive_nanos) for row in rows] == [
        (("a",), 0, 5, 0),
        (("b",), 3, 0, 7),
    ]


def test_sums_at_known_rates_are_lines_of_tokens_and_of_rounding():
    used = sums(
        attempts=2, input_tokens=100, cache_read_input_tokens=40, output_tokens=3, cost_nanos=1, remainder_picos=290
    )
    rows = {(row.meter, row.quantity, row.picos) for row in meter_rows([(("a",), RATES, used)])}
    assert rows == {
        ("input", 60, 600),
        ("cache_read", 40, 40),
        ("output", 3, 60),
        ("request", 2, 10),
        ("rounding", 0, 290),
    }
    assert sum(picos for _, _, picos in rows) == 1_000


def test_sums_at_no_known_rates_are_one_unexplained_line():
    used = sums(attempts=1, input_tokens=100, cost_nanos=2, remainder_picos=1)
    assert [(row.meter, row.picos) for row in meter_rows([((), "", used)])] == [("rounding", 1), ("unexplained", 1_999)]
    assert meter_rows([((), "", sums(attempts=1))]) == ()
