"""How long what is kept: an age for each class of data, its default, and a floor below which no configuration goes."""

from typing import NamedTuple

from farthing.ports.audit import Ages

DAY_MS = 86_400_000
SIX_MONTHS_MS = 183 * DAY_MS
"""What several laws ask logs to be kept for (see the guide on the EU AI Act and GDPR)."""


class Class(NamedTuple):
    """One class of data."""

    default_ms: int | None
    """None: for ever."""
    floor_ms: int
    why: str
    """What the floor protects."""


_DEFAULT = Ages()

CLASSES = {
    "calls": Class(
        400 * DAY_MS, 35 * DAY_MS, "rolling budgets, alerts and the last month's statement read single calls"
    ),
    "skeletons": Class(_DEFAULT.skeletons, DAY_MS, "learning and replay read them"),
    "audit": Class(
        _DEFAULT.audit, 35 * DAY_MS, "a segment must be sealed, and its seal kept elsewhere, before it goes"
    ),
}
"""Class → its ages. `audit` is `[audit] keep`; the others stand under `[record] retention`."""


def flaw(name: str, age_ms: int | None) -> str:
    """What is wrong with an age; "" where nothing is."""
    least = CLASSES[name].floor_ms
    if age_ms is None or age_ms >= least:
        return ""
    return f"must be at least {least // DAY_MS}d: {CLASSES[name].why}"


def caution(name: str, age_ms: int | None) -> str:
    """What deserves a look; "" where nothing does."""
    if name in {"calls", "audit"} and age_ms is not None and age_ms < SIX_MONTHS_MS:
        return "is below six months, which laws on records and on AI systems ask for in several cases"
    return ""
