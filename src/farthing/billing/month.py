"""Months of the calendar in UTC: what is billed together."""

import re
from datetime import UTC, date, datetime

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_EPOCH = date(1970, 1, 1)


def check_month(text: str) -> str:
    """Raises ValueError that says how a month is written."""
    found = _MONTH.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= 12 or not 1970 <= int(found[1]) <= 9_000:
        raise ValueError(f"{text[:40]!r} is not a month; write it like 2026-10")
    return text


def span_of(month: str) -> tuple[int, int]:
    """The first millisecond of a month, and of the month after it."""
    return _opens(month), _opens(after(month))


def month_of(ms: int) -> str:
    """The month of a moment."""
    return datetime.fromtimestamp(ms / 1_000, UTC).strftime("%Y-%m")


def after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - (number == 1):04d}-{(number - 2) % 12 + 1:02d}"


def is_over(month: str, now_ms: int) -> bool:
    return span_of(month)[1] <= now_ms


def day_span(day: str) -> tuple[int, int]:
    """`2026-10-31`, or `2026-10-31T14` for an hour, as milliseconds from and until."""
    opens = (date.fromisoformat(day[:10]) - _EPOCH).days * DAY_MS
    if len(day) == 10:
        return opens, opens + DAY_MS
    hour = opens + int(day[11:13]) * HOUR_MS
    return hour, hour + HOUR_MS


def stamp(ms: int) -> str:
    """A moment as `2026-10-31T00:00:00Z`."""
    return datetime.fromtimestamp(ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _opens(month: str) -> int:
    return (date(int(month[:4]), int(month[5:]), 1) - _EPOCH).days * DAY_MS
