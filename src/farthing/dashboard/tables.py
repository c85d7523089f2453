"""Tables that the server sorts: which column, which way, and the links that turn it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from farthing.dashboard.forms import Query

T = TypeVar("T")


class Sort(msgspec.Struct, frozen=True):
    """How a table is sorted, as the address says."""

    field: str
    rising: bool
    query: Query

    def link(self, field: str) -> str:
        """The query that sorts by this column: the other way round where it already does."""
        rising = field == self.field and not self.rising
        return self.query.having(sort=field, dir="up" if rising else None, page=None)


def sort_of(query: Query, fields: Iterable[str]) -> Sort:
    """The first of `fields`, falling, where the address names none of them."""
    return Sort(query.one_of("sort", tuple(fields)), query.first("dir") == "up", query)


def ordered(rows: Iterable[T], sort: Sort, by: Mapping[str, Callable[[T], Any]]) -> tuple[T, ...]:
    """The rows in that order; None comes last whichever way."""
    value = by[sort.field]
    rows = tuple(rows)
    known = sorted((row for row in rows if value(row) is not None), key=value, reverse=not sort.rising)
    return (*known, *(row for row in rows if value(row) is None))
