"""FOCUS rows as CSV and as objects for JSON. CSV is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator

from farthing.billing.focus_columns import COUNTS, DECIMALS, MOMENTS, Version, columns

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
