"""Statements and exports as text for people and as plain values for programs. Amounts are decimal strings."""

import csv
import io
from collections.abc import Iterable, Iterator

from farthing.billing.focus_columns import COUNTS, DECIMALS, MOMENTS, Version, columns
from farthing.billing.month import stamp
from farthing.billing.statement import CORRECTION, DIRECT, SHARED, Statement
from farthing.domain.money import usd

NOBODY = "(shared)"
"""What shared costs are filed under that nobody bears."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def statement_view(statement: Statement) -> dict[str, object]:
    """A statement for programs."""
    closed = statement.closed
    names = statement.terms.names[1:]
    return {
        "month": statement.month,
        "team": statement.team or NOBODY,
        "account": statement.terms.account,
        "issuer": statement.terms.issuer,
        "currency": statement.unit.currency,
        "closed_at": None if closed is None else stamp(closed.closed_ms),
        "digest": None if closed is None else closed.digest,
        "direct": usd(statement.sum_of(DIRECT)),
        "shared": usd(statement.sum_of(SHARED)),
        "corrections": usd(statement.sum_of(CORRECTION)),
        "total": usd(statement.total_nanos),
        "total_usd": usd(statement.usd_nanos),
        "open_attempts": statement.open_attempts,
        "unpriced_attempts": statement.unpriced,
        "items": [
            {
                "kind": item.kind,
                "labels": {name: value for name, value in zip(names, item.labels, strict=False) if value},
                "model": item.model,
                "corrects": item.month or None,
                "requests": item.requests,
                "tokens": item.tokens,
                "amount": usd(item.nanos),
            }
            for item in statement.items
        ],
    }


def statement_rows(every: Iterable[Statement]) -> Iterator[tuple[str, ...]]:
    """All items of several statements as one table, its head first."""
    head: tuple[str, ...] = ()
    for statement in every:
        names = statement.terms.names[1:]
        if not head:
            head = ("month", "team", "kind", *names, "model", "corrects", "requests", "tokens", "amount", "currency")
            yield head
        for item in statement.items:
            labels = item.labels or ("",) * len(names)
            counts = str(item.requests), str(item.tokens)
            yield (
                statement.month,
                statement.team or NOBODY,
                item.kind,
                *labels,
                item.model,
                item.month,
                *counts,
                usd(item.nanos),
                statement.unit.currency,
            )


def csv_lines(rows: Iterable[tuple[str, ...]], *, numbers: frozenset[int] = frozenset()) -> Iterator[str]:
    """Rows as lines of CSV. Labels are chosen by callers: a cell that a spreadsheet would run as a formula gets an
    apostrophe in front, unless its column is one of `numbers`."""
    for row in rows:
        text = io.StringIO()
        cells = [cell if place in numbers else _safe(cell) for place, cell in enumerate(row)]
        csv.writer(text, lineterminator="\n").writerow(cells)
        yield text.getvalue()


def focus_csv(rows: Iterable[tuple[str, ...]], version: Version) -> Iterator[str]:
    """FOCUS rows as CSV, the names of the columns first; null is an empty cell."""
    names = columns(version)
    numbers = frozenset(place for place, name in enumerate(names) if name in DECIMALS | COUNTS | MOMENTS)
    yield from csv_lines((names,))
    yield from csv_lines(rows, numbers=numbers)


def focus_objects(rows: Iterable[tuple[str, ...]], version: Version) -> Iterator[dict[str, str | None]]:
    """FOCUS rows as objects; numbers stay decimal strings, and null is null."""
    names = columns(version)
    for row in rows:
        yield {name: value or None for name, value in zip(names, row, strict=True)}


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
