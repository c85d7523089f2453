"""Burn rate and forecast: what was spent today and this month, and where the month will end if it goes on like this.

`burn(daily, now_ms)` gives a `Burn`; `daily` are nano-dollars by day (UTC): `daily_of(history.usage(by=("day",), …))` from
`span_of(now_ms)` on. Days before the first spend do not count; days without spend after it do.

**Method.** Two simple forecasts of a day compete: `level` (mean of the last 7 whole days) and, from 15 days on, `weekday`
(that level times the weekday's share of it in the last 4 whole weeks). The one that would have erred less on the days already known is used
(mean absolute error of one-day-ahead forecasts). Month end = spent so far + the rest of today + the days that are left.

**Interval** (80 %: outside once in five). With s the root mean square of those one-day errors, h the days ahead and m the
days behind the level (7 at most), the error of a sum of h days has sd = s · sqrt(h (1 + h/m)): each day's own chance, and
the error of the level that they share. Where stretches of days that are over were missed by more than that (from 4 weeks
on), it is made as much wider: days in a row go wrong together. **Below `LEAST_DAYS` whole days there is no forecast.**

A forecast is an estimate and computed in floats; what was spent is exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from statistics import fmean

import msgspec

from farthing.ports.records import UsageRow

LEAST_DAYS = 3
PAST_DAYS = 56
DAY_MS = 86_400_000

_WEEK = 7
_WEEKS = 4
_STUDENT80 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.350, 1.345, 1.341)
"""Two-sided 80 % points of Student's t for 1 to 15 degrees of freedom; 1.31 fits all above closely enough."""


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Where the month will end, in nano-dollars."""

    method: str
    """`level` or `weekday`."""
    days: int
    """Whole days it learned from."""
    today_nanos: int
    """What today will have come to."""
    month_nanos: int
    low_nanos: int
    high_nanos: int
    """The month ends between these four times in five."""


class Burn(msgspec.Struct, frozen=True, kw_only=True):
    """How fast money goes, in nano-dollars; days and months in UTC."""

    today_nanos: int
    yesterday_nanos: int
    week_mean_nanos: int | None
    """Mean of the last 7 whole days, or of as many as there are; None where there is none."""
    month_nanos: int
    """This month so far."""
    forecast: Forecast | None
    why_no_forecast: str


def span_of(now_ms: int) -> int:
    """Since when `burn` wants to know, in milliseconds since 1970: a midnight in UTC."""
    return (now_ms // DAY_MS - PAST_DAYS) * DAY_MS


def daily_of(rows: Iterable[UsageRow]) -> dict[date, int]:
    """Cost by day of rows whose last group is `day`."""
    days: dict[date, int] = {}
    for row in rows:
        day = date.fromisoformat(row.group[-1])
        days[day] = days.get(day, 0) + row.cost_nanos
    return days


def burn(daily: Mapping[date, int], now_ms: int) -> Burn:
    """The figures of this moment. `daily` holds the last `PAST_DAYS` days, which are always more than this month."""
    now = datetime.fromtimestamp(now_ms // 1_000, UTC)
    today = now.date()
    past = _past(daily, today)
    so_far = sum(nanos for day, nanos in daily.items() if day.replace(day=1) == today.replace(day=1) and day <= today)
    passed = (now_ms % DAY_MS) / DAY_MS
    few = len(past) < LEAST_DAYS
    return Burn(
        today_nanos=daily.get(today, 0),
        yesterday_nanos=daily.get(today - timedelta(days=1), 0),
        week_mean_nanos=round(fmean(past[-_WEEK:])) if past else None,
        month_nanos=so_far,
        forecast=None if few else _forecast(past, today, daily.get(today, 0), so_far, 1 - passed),
        why_no_forecast=f"a forecast needs {LEAST_DAYS} whole days since the first spend; so far {len(past)}"
        if few
        else "",
    )


def _past(daily: Mapping[date, int], today: date) -> list[int]:
    """Whole days, the oldest first: from the first spend to yesterday, at most `PAST_DAYS`."""
    spent = [day for day, nanos in daily.items() if nanos and day < today]
    if not spent:
        return []
    count = min((today - min(spent)).days, PAST_DAYS)
    return [daily.get(today - timedelta(days=back), 0) for back in range(count, 0, -1)]


def _forecast(past: Sequence[int], today: date, today_nanos: int, so_far: int, rest_of_today: float) -> Forecast:
    left = _days_left(today)
    method = _better(past)
    days = _ahead(past, left + 1, method)
    today_more = days[0] * rest_of_today
    month = so_far + today_more + sum(days[1:])
    arm = spread_of_sum(past, method, left + rest_of_today)
    return Forecast(
        method=method,
        days=len(past),
        today_nanos=today_nanos + round(today_more),
        month_nanos=round(month),
        low_nanos=max(so_far, round(month - arm)),
        high_nanos=round(month + arm),
    )


def _days_left(today: date) -> int:
    """Whole days of this month after today."""
    following = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (following - today).days - 1


def sum_ahead(past: Sequence[int], count: int) -> tuple[float, float]:
    """The next `count` days together and the arm of their 80 % interval: what a backtest compares with what came."""
    method = _better(past)
    return sum(_ahead(past, count, method)), spread_of_sum(past, method, count)


def spread_of_sum(past: Sequence[int], method: str, ahead: float) -> float:
    """How far the sum of so many days may be off, four times in five."""
    errors = _errors(past, method)
    one_day = sqrt(fmean(error * error for error in errors))
    student = _STUDENT80[len(errors) - 1] if len(errors) <= len(_STUDENT80) else 1.31
    return student * one_day * _sum_factor(past, ahead) * _stretch(past, method, ahead, one_day)


def _sum_factor(past: Sequence[int], ahead: float) -> float:
    return sqrt(ahead * (1 + ahead / min(len(past), _WEEK)))


def _stretch(past: Sequence[int], method: str, ahead: float, one_day: float) -> float:
    """How much more than independent days whole stretches of the past have been missed by; at least 1. The stretches are
    as long as what lies ahead, but a week at least, and short enough to leave a week of beginnings."""
    length = min(max(round(ahead), _WEEK), len(past) - _WEEK * 3)
    if length < _WEEK or not one_day:
        return 1.0
    starts = range(_WEEK * 2, len(past) - length + 1)
    missed = [sum(past[at : at + length]) - sum(_ahead(past[:at], length, method)) for at in starts]
    return max(1.0, sqrt(fmean(miss * miss for miss in missed)) / (one_day * _sum_factor(past, length)))


def _better(past: Sequence[int]) -> str:
    """The method that erred less on the days both could have told."""
    known = len(past) - _WEEK * 2
    if known <= 0:
        return "level"
    level, weekday = (fmean(abs(error) for error in _errors(past, method)[-known:]) for method in ("level", "weekday"))
    return "weekday" if weekday < level else "level"


def _errors(past: Sequence[int], method: str) -> list[float]:
    """What each day was missed by when it was told the day before. `past` has more days than the method needs."""
    first = 1 if method == "level" else _WEEK * 2
    return [past[at] - _ahead(past[:at], 1, method)[0] for at in range(first, len(past))]


def _ahead(past: Sequence[int], count: int, method: str) -> list[float]:
    """The next `count` days."""
    level = fmean(past[-_WEEK:])
    if method == "level":
        return [level] * count
    weeks = past[-min(len(past) // _WEEK, _WEEKS) * _WEEK :]
    usual = fmean(weeks)
    profile = [fmean(weeks[day::_WEEK]) / usual if usual else 1.0 for day in range(_WEEK)]
    return [level * profile[step % _WEEK] for step in range(count)]
