"""Cache hit rate over time: how much of the input came from providers' caches, by group and by day or hour.

`over_time(rows, saved)` of `history.usage(by=(*groups, "day"))`.
"""

from collections.abc import Iterable

import msgspec

from farthing.domain.usage import Usage
from farthing.ports.records import UsageRow
from farthing.reports.rates import cache_hit_rate, usage_sum


class CacheLine(msgspec.Struct, frozen=True, kw_only=True):
    """The hit rate of one group."""

    group: tuple[str, ...]
    usage: Usage
    rate: float | None
    """Of the whole time; None where there was no input."""
    steps: tuple[tuple[str, float | None], ...]
    """(day or hour, rate), in order; None where the group had no input then."""


def over_time(rows: Iterable[UsageRow]) -> tuple[CacheLine, ...]:
    """One line for each group; the last name of `group` in `rows` is the step of time. The most input first."""
    groups: dict[tuple[str, ...], dict[str, Usage]] = {}
    for row in rows:
        groups.setdefault(row.group[:-1], {})[row.group[-1]] = row.usage
    steps = sorted({step for usages in groups.values() for step in usages})
    lines = [_line(group, usages, steps) for group, usages in groups.items()]
    return tuple(sorted(lines, key=lambda line: (-line.usage.input_tokens, line.group)))


def _line(group: tuple[str, ...], usages: dict[str, Usage], steps: list[str]) -> CacheLine:
    whole = usage_sum(usages.values())
    return CacheLine(
        group=group,
        usage=whole,
        rate=cache_hit_rate(whole),
        steps=tuple((step, cache_hit_rate(usages.get(step, Usage()))) for step in steps),
    )
