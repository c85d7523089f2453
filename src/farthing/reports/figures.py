"""The figures of a usage report, in their order: one list for the table, JSON, CSV and Parquet.

`FIGURES` are all of them; `worth_showing(rows)` are those that say something about these rows.
"""

from collections.abc import Callable, Iterable
from enum import Enum

import msgspec

from farthing.ports.records import UsageRow
from farthing.reports.rates import cache_hit_rate, saved_nanos, saved_share


class Kind(Enum):
    """How a figure is written."""

    COUNT = "count"
    """A whole number."""
    USD = "usd"
    """Nano-dollars, shown as dollars."""
    SHARE = "share"
    """From 0 to 1; below 0 where something was lost. None where it is a share of nothing."""


class Figure(msgspec.Struct, frozen=True):
    """One column."""

    name: str
    """In JSON, CSV and Parquet."""
    title: str
    """In a table; "" is never in one."""
    kind: Kind
    of: Callable[[UsageRow], int | float | None]
    always: bool = False
    """In a table even where it is zero in every row."""


def _tokens(name: str, title: str, *, always: bool = False) -> Figure:
    return Figure(name, title, Kind.COUNT, lambda row: int(getattr(row.usage, name)), always)


FIGURES = (
    Figure("calls", "calls", Kind.COUNT, lambda row: row.calls, always=True),
    Figure("refused", "refused", Kind.COUNT, lambda row: row.refused),
    Figure("attempts", "", Kind.COUNT, lambda row: row.attempts),
    _tokens("input_tokens", "input", always=True),
    _tokens("cache_read_input_tokens", ""),
    _tokens("cache_write_input_tokens", ""),
    Figure("cache_hit_rate", "cached", Kind.SHARE, lambda row: cache_hit_rate(row.usage)),
    _tokens("output_tokens", "output", always=True),
    _tokens("reasoning_output_tokens", ""),
    Figure("cost_usd", "cost", Kind.USD, lambda row: row.cost_nanos, always=True),
    Figure("naive_usd", "", Kind.USD, lambda row: row.naive_nanos),
    Figure("saved_usd", "saved", Kind.USD, saved_nanos),
    Figure("saved_share", "saved %", Kind.SHARE, saved_share),
    Figure("estimated_usd", "estimated", Kind.USD, lambda row: row.estimated_nanos),
    Figure("unpriced", "unpriced", Kind.COUNT, lambda row: row.unpriced),
    Figure("open", "open", Kind.COUNT, lambda row: row.open),
)


def worth_showing(rows: Iterable[UsageRow]) -> tuple[Figure, ...]:
    """The figures for a table of these rows: those that are always there, and those that are not zero everywhere."""
    rows = tuple(rows)
    titled = (figure for figure in FIGURES if figure.title)
    return tuple(figure for figure in titled if figure.always or any(figure.of(row) for row in rows))
