"""What a report is asked for: groups, a stretch of time and filters, checked by name."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from farthing.accounts.attribution import LABEL_NAME, flaw_of
from farthing.config.values import Surroundings, seconds
from farthing.domain.errors import BadRequest
from farthing.domain.record import Labels
from farthing.gateway.admin.shown import at

MOST_GROUPS = 6


class Spanned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which time, and whose."""

    since: str = "7d"
    """A moment like `2026-11-01T00:00:00Z`, or how long ago, like `7d`."""
    until: str = ""
    """The same; now if not given."""
    label: dict[str, str] = {}
    """Only calls with these labels, asked for like `label.team=support`; also model, provider, key, outcome …"""


class UsageQuery(Spanned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sums."""

    by: str = "model"
    """Labels, or model, provider, key, outcome, tier, route, hour, day, month; several with commas between."""


class CacheQuery(UsageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which hit rates."""

    step: Literal["day", "hour"] = "day"
    """Of time."""


class WorkflowQuery(Spanned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs."""

    by: str = "workflow"
    """The one label that makes runs comparable."""
    most: Annotated[int, msgspec.Meta(ge=1, le=50_000)] = 1_000
    """Look at no more runs than that, the newest."""


class OutcomeQuery(Spanned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs."""

    since: str = "30d"
    by: str = "workflow"
    """Labels, or model, prompt, key; several with commas between."""


class BurnQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose spend."""

    label: dict[str, str] = {}
    """Only calls with these labels, asked for like `label.team=support`."""


class ContextQuery(Spanned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls."""

    most: Annotated[int, msgspec.Meta(ge=1, le=50_000)] = 5_000
    """Read at most so many calls, the newest."""


class DriverQuery(Spanned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls."""

    by: str = ""
    """Labels to divide each group apart; none: all together."""
    most: Annotated[int, msgspec.Meta(ge=1, le=200_000)] = 20_000
    """Read at most so many calls, the newest."""


def groups_of(text: str, *, least: int = 1) -> tuple[str, ...]:
    """The names in `by`. Raises BadRequest 400."""
    by = tuple(name.strip() for name in text.split(",") if name.strip())
    if not least <= len(by) <= MOST_GROUPS or len(set(by)) != len(by):
        raise BadRequest(f"by names {least} to {MOST_GROUPS} different groups, like team,model", field="by")
    for name in by:
        if LABEL_NAME.fullmatch(name) is None:
            raise BadRequest(f"{name[:40]!r} is neither a label nor model, provider, key, outcome or day", field="by")
    return by


def span_of(query: Spanned, now_ms: int) -> tuple[int, int]:
    """The time in milliseconds since 1970, its end not included. Raises BadRequest 400."""
    since_ms = _when(query.since, now_ms, "since")
    return since_ms, _when(query.until, now_ms, "until") if query.until else now_ms + 1


def where_of(label: dict[str, str]) -> Labels:
    """The filters, sorted by name; an empty value stands for calls without the label. Raises BadRequest 400."""
    for name, value in label.items():
        if flaw := flaw_of(name, value or "-"):
            raise BadRequest(f"the label {name[:80]!r} cannot be asked for: {flaw}", field=f"label.{name[:80]}")
    return tuple(sorted(label.items()))


def _when(text: str, now_ms: int, field: str) -> int:
    """A moment in milliseconds since 1970, told as such or as a time ago. Raises BadRequest 400."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        told = None
    try:
        if told is not None and told.tzinfo is not None:
            ms = int(told.timestamp() * 1_000)
        else:
            ms = now_ms - int(seconds(text, Surroundings({}, Path())) * 1_000)
        at(ms)
    except (ValueError, OverflowError, OSError):
        message = f"{text[:40]!r} is neither a moment with its zone, like 2026-11-01T00:00:00Z, nor a time like 7d"
        raise BadRequest(message, field=field) from None
    return ms
