"""Dated rates: which one holds, how exact it is, and when none does."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.budget import Unit
from farthing.domain.currency import DAY_MS, DOLLARS, Currency, DatedRate, NoRate, Rate, Rates

EUR = Unit("eur")
NOVEMBER_1 = 1_793_491_200_000
"""2026-11-01T00:00Z"""


def rates(*dated: tuple[str, str], max_age_days: int = 92) -> Rates:
    named = tuple(DatedRate(date.fromisoformat(day), Decimal(usd)) for day, usd in dated)
    return Rates([Currency(EUR, named, max_age_days)])


def test_a_dollar_is_a_dollar_whatever_rates_there_are() -> None:
    assert Rates().at(Unit.USD, 0) == DOLLARS == Rate(1, 1_000, 2**63 - 1)


def test_a_currency_nobody_named_has_no_rate() -> None:
    found = rates(("2026-11-01", "1.08")).at(Unit("chf"), NOVEMBER_1)
    assert isinstance(found, NoRate)
    assert "CHF" in found.reason


def test_a_rate_holds_from_the_first_moment_of_its_day() -> None:
    book = rates(("2026-11-01", "1.08"))
    assert isinstance(book.at(EUR, NOVEMBER_1 - 1), NoRate)
    assert isinstance(book.at(EUR, NOVEMBER_1), Rate)


def test_one_euro_at_1_08_is_1_08_dollars_exactly() -> None:
    rate = rates(("2026-11-01", "1.08")).at(EUR, NOVEMBER_1)
    assert isinstance(rate, Rate)
    assert 1_080_000_000_000 * rate.times == 1_000_000_000 * rate.over  # pico-dollars to billionths of a euro


def test_the_next_rate_replaces_the_one_before_it_in_whatever_order_they_are_given() -> None:
    book = rates(("2026-12-01", "1.10"), ("2026-11-01", "1.08"))
    first, second = book.at(EUR, NOVEMBER_1), book.at(EUR, NOVEMBER_1 + 30 * DAY_MS)
    assert isinstance(first, Rate)
    assert isinstance(second, Rate)
    assert first.until_ms == NOVEMBER_1 + 30 * DAY_MS
    assert Fraction(first.over, first.times * 1_000) == Fraction("1.08")
    assert Fraction(second.over, second.times * 1_000) == Fraction("1.10")


def test_a_rate_that_has_grown_too_old_holds_no_more_and_says_so() -> None:
    book = rates(("2026-11-01", "1.08"), max_age_days=10)
    held = book.at(EUR, NOVEMBER_1 + 10 * DAY_MS - 1)
    assert isinstance(held, Rate)
    assert held.until_ms == NOVEMBER_1 + 10 * DAY_MS
    gone = book.at(EUR, NOVEMBER_1 + 10 * DAY_MS)
    assert isinstance(gone, NoRate)
    assert gone.reason == "the rate for EUR of 2026-11-01 is older than 10 days"


def test_between_an_old_rate_and_the_next_there_is_a_gap() -> None:
    book = rates(("2026-11-01", "1.08"), ("2026-12-01", "1.10"), max_age_days=10)
    gap = book.at(EUR, NOVEMBER_1 + 11 * DAY_MS)
    assert isinstance(gap, NoRate)
    assert gap.until_ms == NOVEMBER_1 + 30 * DAY_MS
    assert isinstance(book.at(EUR, NOVEMBER_1 + 30 * DAY_MS), Rate)


@given(
    days=st.lists(st.integers(0, 400), min_size=1, max_size=8, unique=True),
    age=st.integers(1, 60),
    moment=st.integers(-5, 500),
)
def test_whatever_holds_at_a_moment_holds_until_the_moment_it_names(days: list[int], age: int, moment: int) -> None:
    first = date(2026, 1, 1).toordinal()
    named = tuple(DatedRate(date.fromordinal(first + day), Decimal(day + 1)) for day in days)
    book = Rates([Currency(EUR, named, age)])
    at_ms = (first - date(1970, 1, 1).toordinal() + moment) * DAY_MS
    found = book.at(EUR, at_ms)
    newest = max((day for day in days if day <= moment), default=None)
    held = newest is not None and moment - newest < age
    assert isinstance(found, Rate) == held
    assert found.until_ms > at_ms
    if found.until_ms < 2**62:
        assert book.at(EUR, found.until_ms - 1) == found
        assert book.at(EUR, found.until_ms) != found
