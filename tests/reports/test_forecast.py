"""Burn and forecast: exact sums behind, honest intervals ahead."""

from datetime import UTC, date, datetime, timedelta
from math import exp
from random import Random

import pytest

from farthing.domain.usage import Usage
from farthing.ports.records import UsageRow
from farthing.reports.forecast import PAST_DAYS, burn, daily_of, span_of, sum_ahead

NOON = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1_000)
TODAY = date(2026, 11, 20)


def back(*nanos, today=0):
    """Nanos of the days before today, the nearest last."""
    days = {TODAY - timedelta(days=at): amount for at, amount in enumerate(reversed(nanos), start=1)}
    return {**days, TODAY: today}


def test_days_are_summed_over_whatever_else_is_grouped():
    rows = [
        UsageRow(
            group=(team, day),
            calls=1,
            refused=0,
            attempts=1,
            usage=Usage(),
            cost_nanos=nanos,
            remainder_picos=0,
            estimated_nanos=0,
            unpriced=0,
            open=0,
        )
        for team, day, nanos in (("a", "2026-11-19", 3), ("b", "2026-11-19", 4), ("a", "2026-11-20", 5))
    ]
    assert daily_of(rows) == {date(2026, 11, 19): 7, date(2026, 11, 20): 5}


def test_what_was_spent_is_exact():
    found = burn(back(*[10**9 + 1] * 30, today=77), NOON)
    assert (found.today_nanos, found.yesterday_nanos) == (77, 10**9 + 1)
    assert found.month_nanos == 19 * (10**9 + 1) + 77
    assert found.week_mean_nanos == 10**9 + 1


def test_where_every_day_is_the_same_the_month_ends_where_it_must():
    found = burn(back(*[1_000] * 30, today=500), NOON).forecast
    assert (found.today_nanos, found.month_nanos, found.low_nanos, found.high_nanos) == (1_000, 30_000, 30_000, 30_000)


def test_few_days_are_no_ground_for_a_forecast():
    assert burn({}, NOON).forecast is None
    assert burn(back(5, 5), NOON).why_no_forecast == "a forecast needs 3 whole days since the first spend; so far 2"
    assert burn(back(5, 5, 5), NOON).forecast is not None


def test_days_before_the_first_spend_do_not_count_and_empty_days_after_it_do():
    assert burn(back(*[0] * 20, 9, 0, 0), NOON).forecast.days == 3
    assert burn(back(*[0] * 20), NOON).week_mean_nanos is None


def test_the_week_has_a_pattern_once_two_weeks_are_known():
    weeks = [1_000 if (TODAY - timedelta(days=at)).weekday() < 5 else 0 for at in range(42, 0, -1)]
    found = burn(back(*weeks, today=500), NOON).forecast
    assert found.method == "weekday"
    working = sum((TODAY + timedelta(days=at)).weekday() < 5 for at in range(1, 11))
    assert found.month_nanos == pytest.approx(burn(back(*weeks, today=500), NOON).month_nanos + 500 + 1_000 * working)


def test_what_is_spent_already_is_the_least_the_month_can_come_to():
    found = burn(back(0, 9_000_000, 0, 5, today=10**9), NOON)
    assert found.forecast.low_nanos == found.month_nanos


def test_on_the_last_day_only_the_rest_of_it_is_forecast():
    last = int(datetime(2026, 11, 30, 18, tzinfo=UTC).timestamp() * 1_000)
    days = {date(2026, 11, 30) - timedelta(days=at): 100 for at in range(1, 10)}
    assert burn(days, last).forecast.month_nanos == 900 + 25


def test_it_asks_for_whole_days_back():
    assert span_of(NOON) == int(datetime(2026, 9, 25, tzinfo=UTC).timestamp() * 1_000)
    assert (NOON - span_of(NOON)) // 86_400_000 == PAST_DAYS


def series(rng, count, *, weekend=1.0, walk=0.0):
    level, days = 100.0, []
    for day in range(count):
        level *= exp(rng.gauss(0, walk))
        days.append(int(1e9 * level * (weekend if day % 7 >= 5 else 1) * exp(rng.gauss(0, 0.25))))
    return days


@pytest.mark.parametrize("known", [10, 28, 56])
@pytest.mark.parametrize("ahead", [5, 15, 28])
@pytest.mark.parametrize("world", [{}, {"weekend": 0.3}, {"weekend": 0.3, "walk": 0.03}], ids=["flat", "week", "walk"])
def test_the_interval_holds_about_four_times_in_five_or_more(known, ahead, world):
    rng = Random(7)
    held = 0
    for _ in range(100):
        days = series(rng, known + ahead, **world)
        told, arm = sum_ahead(days[:known], ahead)
        held += abs(told - sum(days[known:])) <= arm
    assert held >= 70
