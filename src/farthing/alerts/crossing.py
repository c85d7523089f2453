"""Once per crossing: what fires now, what is ready to fire again, and what stays as it is."""

from collections.abc import Iterable, Sequence

import msgspec

from farthing.alerts.rule import Rule
from farthing.ports.alerts import Fired, Reading

CALM_TENTHS = 9
"""A subject is ready to fire again below nine tenths of the threshold (of a floor: above ten ninths of it)."""
MOST_APART = 5
"""More subjects than this that cross in one round share one alert."""


class Change(msgspec.Struct, frozen=True):
    """What one round of one rule brings."""

    tell: tuple[tuple[Reading, ...], ...]
    """One alert each."""
    rearm: tuple[Fired, ...]


def judged(rule: Rule, subject: str, value: int, *, window: str = "", detail: str = "") -> Reading:
    """A reading of this value against the rule's threshold."""
    threshold = rule.threshold
    if rule.above:
        breached = value > threshold or (rule.inclusive and value == threshold)
        calm = not breached and (value * 10 < threshold * CALM_TENTHS or value == 0)
    else:
        breached = value < threshold or (rule.inclusive and value == threshold)
        calm = not breached and value * CALM_TENTHS > threshold * 10
    return Reading(subject=subject, value=value, breached=breached, calm=calm, window=window, detail=detail)


def no_data(subject: str, detail: str) -> Reading:
    """Nobody can say yet: neither fires nor makes ready."""
    return Reading(subject=subject, value=None, detail=detail)


def change(readings: Sequence[Reading], fired: Iterable[Fired]) -> Change:
    """What to tell and what to make ready, given what was told before.

    A subject fires when it is breached and was not told, or was told in an earlier window. It is ready again when it is
    calm, when its window has turned, or when it is no longer there; without data it stays as it is.
    """
    told = {one.subject: one for one in fired}
    found = {reading.subject: reading for reading in readings}
    crossing = [reading for reading in found.values() if reading.breached and not _told(reading, told)]
    ready = tuple(one for one in told.values() if _ready(one, found.get(one.subject)))
    crossing.sort(key=lambda reading: reading.value or 0, reverse=True)
    if len(crossing) > MOST_APART:
        return Change((tuple(crossing),), ready)
    return Change(tuple((reading,) for reading in crossing), ready)


def _told(reading: Reading, told: dict[str, Fired]) -> bool:
    before = told.get(reading.subject)
    return before is not None and before.window == reading.window


def _ready(one: Fired, now: Reading | None) -> bool:
    if now is None:
        return True
    if now.value is None:
        return False
    return now.calm or now.window != one.window
