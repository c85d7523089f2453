"""Other costs added up, and what they have under a name."""

import pytest

from farthing.ports.history import OtherCostRow
from farthing.stores.other_costs import OF_CALLS_ALONE, other_cost_rows, value_beside


def test_a_group_that_comes_several_times_is_one_row_for_each_kind_in_order():
    booked = [(("b",), "search", 1, 5), (("a",), "tool", 2, 7), (("b",), "search", 3, 11), (("a",), "search", 1, 1)]
    assert other_cost_rows(booked) == (
        OtherCostRow(group=("a",), kind="search", bookings=1, nanos=1),
        OtherCostRow(group=("a",), kind="tool", bookings=2, nanos=7),
        OtherCostRow(group=("b",), kind="search", bookings=4, nanos=16),
    )


@pytest.mark.parametrize("name", sorted(OF_CALLS_ALONE))
def test_what_only_calls_have_is_nothing_whatever_the_first_call_had(name):
    assert value_beside(name, "r1", str.upper) == ""


def test_a_run_is_named_and_everything_else_is_the_first_calls():
    assert [value_beside(name, "r1", str.upper) for name in ("run", "team", "key", "day")] == [
        "r1",
        "TEAM",
        "KEY",
        "DAY",
    ]
