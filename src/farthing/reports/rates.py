"""Rates and shares of usage: what was saved, how much was read from a cache, and the sum of several groups.

`total(rows)`, `share(part, whole)`, `cache_hit_rate(usage)`, `saved_nanos(row)`, `saved_share(row)`, `usage_sum(usages)`.
Shares are for reading, rounded to a millionth; amounts stay whole nano-dollars.
"""

from collections.abc import Iterable

from farthing.domain.usage import Usage
from farthing.ports.records import UsageRow

_SUMMED = tuple(name for name in UsageRow.__struct_fields__ if name not in ("group", "usage"))


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`, to six places; None where there is no whole."""
    return round(part / whole, 6) if whole else None


def cache_hit_rate(usage: Usage) -> float | None:
    """Input tokens that were read from a provider's cache, of all input tokens."""
    return share(usage.cache_read_input_tokens, usage.input_tokens)


def saved_nanos(row: UsageRow) -> int:
    """Naive cost minus cost. Negative: it cost extra."""
    return row.naive_nanos - row.cost_nanos


def saved_share(row: UsageRow) -> float | None:
    """What was saved, of the naive cost."""
    return share(saved_nanos(row), row.naive_nanos)


def total(rows: Iterable[UsageRow]) -> UsageRow:
    """All rows in one, of no group."""
    rows = tuple(rows)
    sums = {name: sum(getattr(row, name) for row in rows) for name in _SUMMED}
    return UsageRow(group=(), usage=usage_sum(row.usage for row in rows), **sums)


def usage_sum(usages: Iterable[Usage]) -> Usage:
    """Token counts added up, kind by kind."""
    usages = tuple(usages)
    return Usage(**{name: sum(getattr(usage, name) for usage in usages) for name in Usage.__struct_fields__})
