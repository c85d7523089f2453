"""One frame as values: what an hour would cost, how full a budget is, and exact amounts for programs."""

from farthing.cli.top.frame import BudgetLine, Busy, Frame, Spend, busiest, midnight, plain
from farthing.domain.budget import Unit

LINE = BudgetLine(name="all", value="ann", unit=Unit.USD, limit=1_000, spent=600, held=150)
FRAME = Frame(
    at_ms=1_000, source="a file", now=Spend(nanos=5), hour=Spend(nanos=70, calls=2), today=Spend(), budgets=(LINE,)
)


def test_an_hour_like_the_last_five_minutes_costs_twelve_times_as_much():
    assert FRAME.burn_nanos == 60


def test_a_budget_is_as_full_as_what_is_spent_and_held():
    assert (LINE.left, LINE.used_millionths) == (250, 750_000)
    empty = BudgetLine(name="none", value="", unit=Unit.CALLS, limit=0, spent=0, held=0)
    assert (empty.left, empty.used_millionths) == (0, 1_000_000)


def test_rows_of_one_name_are_added_up_and_nobodys_are_left_out():
    rows = [
        (name, Busy(name=name, calls=1, tokens=10, nanos=nanos))
        for name, nanos in (("a", 5), ("", 99), ("b", 7), ("a", 6))
    ]
    assert busiest(rows) == (Busy(name="a", calls=2, tokens=20, nanos=11), Busy(name="b", calls=1, tokens=10, nanos=7))


def test_days_begin_at_midnight_utc():
    assert midnight(86_400_000 + 5) == 86_400_000


def test_programs_get_decimal_strings():
    shown = plain(FRAME)
    assert shown["burn_usd_per_hour"] == "0.00000006"
    assert shown["budgets"][0]["left"] == "0.00000025"
    assert shown["last_hour"] == {"cost_usd": "0.00000007", "calls": 2, "refused": 0, "open": 0}
