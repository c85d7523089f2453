"""Months for programs."""

from farthing.billing.period_views import period_view, periods_view
from farthing.domain.usage import Usage
from support.billing_world import OVER, billing_world


def test_closed_months_and_the_open_one():
    with billing_world() as world:
        books = world.books()
        assert periods_view(books, OVER).next is None
        number = world.open(1_791_000_000_000, team="support")
        world.settle(number, Usage(input_tokens=1_000))
        world.open(1_791_000_000_000, team="support")
        before = periods_view(books, OVER)
        assert (before.closed, before.open.month, before.next, before.open.open_attempts) == (
            (),
            "2026-10",
            "2026-10",
            1,
        )
        closed = books.close("2026-10", by="ada", now_ms=OVER)
        after = periods_view(books, OVER)
        assert after.closed == (period_view(closed),)
        assert (after.closed[0].total_usd, after.closed[0].by, after.closed[0].corrections_usd) == (
            "0.00015",
            "ada",
            "0",
        )
        assert (after.open.month, after.open.total_usd) == ("2026-11", "0")


def test_the_part_that_is_beside_models_is_told_of_closed_months_and_of_the_open_one():
    with billing_world() as world:
        world.book("r", 1_791_000_000_000, 7)
        books = world.books()
        assert periods_view(books, OVER).open.other_usd == "0.000000007"
        books.close("2026-10", by="ada", now_ms=OVER)
        world.book("r", 1_791_000_000_000, 4)
        view = periods_view(books, OVER)
        assert (view.closed[0].other_usd, view.open.other_usd, view.open.total_usd) == (
            "0.000000007",
            "0.000000004",
            "0.000000004",
        )
