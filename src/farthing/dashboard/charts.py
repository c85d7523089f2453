"""What a chart is drawn from: the numbers as JSON in an attribute. They are for the eye; the table beside has every digit."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from farthing.domain.money import NANOS_PER_USD

MOST_SERIES = 6
OTHER = "all others"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000

Kind = Literal["bars", "area", "line"]
Unit = Literal["usd", "count", "share"]


class Series(msgspec.Struct, frozen=True):
    """One colour of a chart."""

    label: str
    values: tuple[float | None, ...]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a chart shows."""

    kind: Kind
    unit: Unit
    x: tuple[int, ...]
    """Seconds since 1970, or numbers from 1."""
    names: tuple[str, ...]
    """What each place on the x axis is called."""
    series: tuple[Series, ...]
    time: bool = True
    most: float | None = None
    """The top of the y axis; by default what fits."""

    def __str__(self) -> str:
        return msgspec.json.encode(self).decode()


def steps_of(since_ms: int, until_ms: int) -> tuple[str, ...]:
    """The names of the hours (up to two days) or days between two moments, as `history` groups by `hour` and `day`."""
    hourly = is_hourly(since_ms, until_ms)
    step = timedelta(hours=1) if hourly else timedelta(days=1)
    shape = "%Y-%m-%dT%H" if hourly else "%Y-%m-%d"
    width = HOUR_MS if hourly else DAY_MS
    at = datetime.fromtimestamp(since_ms // width * width // 1_000, UTC)
    last = datetime.fromtimestamp(max(until_ms - 1, since_ms) // 1_000, UTC)
    found = []
    while at <= last:
        found.append(at.strftime(shape))
        at += step
    return tuple(found)


def is_hourly(since_ms: int, until_ms: int) -> bool:
    """Up to two days are drawn by hour."""
    return until_ms - since_ms <= 2 * DAY_MS


def seconds_of(step: str) -> int:
    """When an hour or a day begins."""
    return int(datetime.fromisoformat(f"{step}:00" if "T" in step else step).replace(tzinfo=UTC).timestamp())


def stacked(
    groups: Mapping[str, Mapping[str, int]],
    steps: Sequence[str],
    *,
    unit: Unit,
    rest: tuple[int, Mapping[str, int]] = (0, {}),
) -> Chart | None:
    """Groups over time, the largest first, the small ones in one; `rest` are so many more that are in no group. None
    where there is nothing."""
    sums = {label: sum(values.values()) for label, values in groups.items()}
    ranked = sorted((label for label in sums if sums[label] > 0), key=lambda label: (-sums[label], label))
    if not ranked:
        return None
    shown, small = ranked[:MOST_SERIES], ranked[MOST_SERIES:]
    if len(small) == 1 and not rest[0]:
        shown, small = ranked, []
    over = NANOS_PER_USD if unit == "usd" else 1
    series = [Series(label, tuple(groups[label].get(step, 0) / over for step in steps)) for label in shown]
    if small or rest[0]:
        others = (sum(groups[label].get(step, 0) for label in small) + rest[1].get(step, 0) for step in steps)
        series.append(Series(f"{OTHER} ({len(small) + rest[0]})", tuple(max(each, 0) / over for each in others)))
    return Chart(
        kind="bars", unit=unit, x=tuple(map(seconds_of, steps)), names=tuple(map(told, steps)), series=tuple(series)
    )


def told(step: str) -> str:
    """An hour or a day as people read it: `Sun 22 Nov`, `22 Nov 14:00`."""
    at = datetime.fromtimestamp(seconds_of(step), UTC)
    return f"{at:%d %b %H}:00 UTC" if "T" in step else f"{at:%a %d %b}"
