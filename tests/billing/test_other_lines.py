"""Lines for costs beside models."""

from farthing.billing.month import span_of
from farthing.billing.other_lines import lines_of_others, other_lines
from farthing.ports.history import OtherCostRow
from support.billing_world import billing_world

OPENS = span_of("2026-10")[0]
HOUR = 3_600_000


def test_a_line_has_an_amount_and_no_price():
    (line,) = lines_of_others(
        [OtherCostRow(group=("2026-10-02", "support", "bot"), kind="search", bookings=3, nanos=7)]
    )
    assert (line.start_ms, line.end_ms) == (OPENS + 24 * HOUR, OPENS + 48 * HOUR)
    assert (line.labels, line.meter, line.other) == (("support", "bot"), "other:search", "search")
    assert (line.quantity, line.picos, line.list_picos, line.has_price) == (3, 7_000, 7_000, False)
    assert (line.provider, line.model, line.tier, line.requests) == ("", "", "", 0)


def test_a_day_a_set_of_labels_and_a_kind_are_one_line():
    with billing_world() as world:
        world.open(OPENS, run="r", team="support")
        for kind, at_ms in (("search", 0), ("search", HOUR), ("compute", HOUR), ("search", 24 * HOUR), ("search", -1)):
            world.book("r", OPENS + at_ms, 5, kind)
        month = {"since_ms": OPENS, "until_ms": span_of("2026-10")[1]}
        days = other_lines(world.history, ("team",), **month)
        assert [(line.other, line.quantity, line.picos) for line in days] == [
            ("compute", 1, 5_000),
            ("search", 2, 10_000),
            ("search", 1, 5_000),
        ]
        hours = other_lines(world.history, ("team",), hourly=True, **month)
        assert {line.end_ms - line.start_ms for line in hours} == {HOUR}
        assert sum(line.picos for line in hours) == sum(line.picos for line in days)


def test_a_note_that_costs_nothing_is_no_line():
    with billing_world() as world:
        world.book("r", OPENS, 0)
        assert other_lines(world.history, ("team",), since_ms=0, until_ms=2**53) == ()


def test_conditions_choose_runs():
    with billing_world() as world:
        for run, team in (("r1", "support"), ("r2", "search")):
            world.open(OPENS, run=run, team=team)
            world.book(run, OPENS, 5)
        found = other_lines(world.history, ("team", "run"), since_ms=0, until_ms=2**53, where=(("team", "search"),))
        assert [line.labels for line in found] == [("search", "r2")]
