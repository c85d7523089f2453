"""Windows: which turns of a budget's window a moment belongs to, in any time zone, and how they are named.

A window is never reset: a new turn has a new name, hence new accounts with nothing spent (and so has a budget whose
`window` or `tz` was changed). Calendar windows follow the wall clock of their zone: a day may have 23 or 25 hours.

Rolling windows are eight steps wide plus one, and a new one opens every step: `rolling:24h` has windows of 27 hours, one
every three hours, and a moment lies in nine of them. Whatever interval of 24 hours one takes lies wholly within one of
these windows, so the plain limit on each of them limits every such interval; the ledger needs to know nothing about it.
The price: nine accounts where other windows have one, and a steady spender gets 8/9 of the limit in each 24 hours.
"""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from farthing.domain.budget import NOBODY, Window

KINDS = ("run", "hour", "day", "week", "month", "lifetime")
STEPS = 8
"""Steps per length of a rolling window. More would be tighter and touch more accounts per call."""
LONGEST_ROLLING_MS = 366 * 86_400_000

_HOUR_MS = 3_600_000
_ROLLING = re.compile(r"rolling:([1-9]\d{0,6})([mhd])")
_UNIT_MS = {"m": 60_000, "h": _HOUR_MS, "d": 24 * _HOUR_MS}
_LIFETIME = (Window("lifetime", 0, 0),)


def windows(window: str, tz: str, at_ms: int, run: str = "") -> tuple[Window, ...]:
    """The windows that a call at `at_ms` (milliseconds since 1970) is charged to: one, or nine for `rolling:…`.

    `window` and `tz` are as `check_window` and `check_zone` accept them; `run` is the call's run, "" for none.
    """
    match window:
        case "lifetime":
            return _LIFETIME
        case "run":
            return (Window(f"run:{run or NOBODY}", 0, 0),)
        case "hour":
            return (_hour(_zone(tz), at_ms),)
        case "day" | "week" | "month":
            return (_days(window, _zone(tz), at_ms),)
        case _:
            return _rolling(window, at_ms)


class WindowClock:
    """Remembers the present windows of each kind and zone until the first of them closes, and never goes back.

    When the clock steps back, the windows last seen stay the present ones: none that closed is opened again.
    """

    __slots__ = ("_present",)

    def __init__(self) -> None:
        self._present: dict[tuple[str, str], tuple[int, tuple[Window, ...]]] = {}

    def at(self, window: str, tz: str, at_ms: int, run: str = "") -> tuple[Window, ...]:
        """As `windows`, at the latest moment this clock has been shown for this kind and zone."""
        if window == "run":
            return windows(window, tz, at_ms, run)
        known = self._present.get((window, tz))
        if known is not None and (at_ms < known[0] or known[0] == 0):
            return known[1]
        present = windows(window, tz, at_ms)
        self._present[window, tz] = (present[0].closes_ms, present)
        return present


def check_window(text: str) -> str:
    """The text itself if it names a window. Raises ValueError that says what to write instead."""
    if text in KINDS:
        return text
    if _ROLLING.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a window; write one of {', '.join(KINDS)}, or like rolling:24h (m, h or d)")
    if rolling_ms(text) > LONGEST_ROLLING_MS:
        raise ValueError(f"{text!r} is too long; a rolling window is at most 366 days")
    return text


def check_zone(tz: str) -> str:
    """The text itself if it names a time zone. Raises ValueError that says what to write instead."""
    try:
        _zone(tz)
    except (KeyError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError; a folder's name an OSError
        raise ValueError(f"{tz!r} is not a time zone; write one like Europe/Amsterdam or UTC") from error
    return tz


def rolling_ms(window: str) -> int:
    """The length of a rolling window in milliseconds. The text must be one."""
    found = _ROLLING.fullmatch(window)
    assert found is not None, f"{window!r} is not a rolling window"
    return int(found[1]) * _UNIT_MS[found[2]]


_zone = lru_cache(maxsize=256)(ZoneInfo)


def _rolling(window: str, at_ms: int) -> tuple[Window, ...]:
    """Oldest first, so the first to close is the first; that moment is also when the next one opens."""
    step = rolling_ms(window) // STEPS
    newest = at_ms // step * step
    oldest = newest - STEPS * step
    return tuple(
        Window(_name(opens, UTC, window), opens, opens + (STEPS + 1) * step)
        for opens in range(oldest, newest + step, step)
    )


def _hour(zone: ZoneInfo, at_ms: int) -> Window:
    offset = _offset_ms(zone, at_ms)
    opens = (at_ms + offset) // _HOUR_MS * _HOUR_MS - offset
    closes = opens + _HOUR_MS
    if (
        _offset_ms(zone, opens) != offset
    ):  # the clock changed by part of an hour: this one opens where the last one closes
        opens = _hour(zone, opens).closes_ms
    return Window(_name(opens, zone, "hour"), opens, closes)


def _days(kind: str, zone: ZoneInfo, at_ms: int) -> Window:
    today = datetime.fromtimestamp(at_ms // 1000, zone).date()
    if kind == "day":
        first, after = today, today + timedelta(days=1)
    elif kind == "week":  # ISO: weeks begin on Monday
        first = today - timedelta(days=today.weekday())
        after = first + timedelta(days=7)
    else:
        first = today.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
    opens = _first_moment(first, zone)
    return Window(_name(opens, zone, kind), opens, _first_moment(after, zone))


def _first_moment(day: date, zone: ZoneInfo) -> int:
    """When a day begins. Midnight may be skipped (the day begins at the jump) or happen twice (it begins at the first)."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1000


def _offset_ms(zone: ZoneInfo, at_ms: int) -> int:
    offset = datetime.fromtimestamp(at_ms // 1000, zone).utcoffset()
    assert offset is not None
    return offset // timedelta(milliseconds=1)


def _name(opens_ms: int, zone: tzinfo, kind: str) -> str:
    """The window's first moment by the wall clock of its zone, then its kind: `2026-11-01T00:00+01:00/month`."""
    opens = datetime.fromtimestamp(opens_ms // 1000, zone).replace(microsecond=opens_ms % 1000 * 1000)
    precision = "milliseconds" if opens_ms % 1000 else "seconds" if opens_ms % 60_000 else "minutes"
    return f"{opens.isoformat(timespec=precision)}/{kind}"
