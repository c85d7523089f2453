"""Which stretch of time a page shows, as its address says: a preset, or two days of one's own. UTC."""

from datetime import UTC, date, datetime, timedelta

import msgspec

from farthing.dashboard.charts import DAY_MS, HOUR_MS
from farthing.dashboard.forms import Query

PRESETS = {
    "7d": ("7 days", 7 * DAY_MS),
    "24h": ("24 hours", DAY_MS),
    "30d": ("30 days", 30 * DAY_MS),
    "90d": ("90 days", 90 * DAY_MS),
    "month": ("this month", 0),
}
LONGEST_DAYS = 400


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """`since_ms <= t < until_ms`."""

    since_ms: int
    until_ms: int
    preset: str
    """"" where the days were named."""
    first: str
    """The first day, like `2026-11-01`."""
    last: str

    @property
    def words(self) -> str:
        """`7 days`, or the two days."""
        if self.preset:
            title = PRESETS[self.preset][0]
            return title if title.startswith("this") else f"the last {title}"
        return f"{self.first} to {self.last}"


def period_of(query: Query, now_ms: int, usual: str = "7d") -> Period:
    """What the address names; the usual stretch where it names none or nonsense."""
    first, last = _day(query.first("from")), _day(query.first("to"))
    if first is not None or last is not None:
        today = datetime.fromtimestamp(now_ms // 1_000, UTC).date()
        last = last or today
        first = min(first or last, last)
        first = max(first, last - timedelta(days=LONGEST_DAYS))
        return Period(
            since_ms=_ms(first), until_ms=_ms(last) + DAY_MS, preset="", first=first.isoformat(), last=last.isoformat()
        )
    preset = query.first("since", usual)
    preset = preset if preset in PRESETS else usual
    return _preset(preset, now_ms)


def _preset(preset: str, now_ms: int) -> Period:
    now = datetime.fromtimestamp(now_ms // 1_000, UTC)
    if preset == "month":
        since_ms = _ms(now.date().replace(day=1))
    else:  # whole hours and days: a chart's first bar is then no smaller for having begun late
        width = HOUR_MS if preset == "24h" else DAY_MS
        since_ms = (now_ms // width + 1) * width - PRESETS[preset][1]
    return Period(
        since_ms=since_ms,
        until_ms=now_ms + 1,
        preset=preset,
        first=datetime.fromtimestamp(since_ms // 1_000, UTC).date().isoformat(),
        last=now.date().isoformat(),
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2200 else None


def _ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000
