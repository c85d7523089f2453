"""A usage report as a Parquet file: amounts as decimals of nine places, counts as whole numbers."""

import sys
from decimal import Decimal
from typing import Any

from farthing.cli.commands import Said
from farthing.cli.past import Past
from farthing.cli.usage.formats import Question
from farthing.reports.figures import FIGURES, Figure, Kind


def as_parquet(question: Question, past: Past) -> None:
    """To the file that was named, or to a pipe. Raises Said where pyarrow is missing."""
    if question.output is None and sys.stdout.isatty():
        raise Said("a Parquet file is nothing for the screen: name one with --output usage.parquet")
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise Said("Parquet needs pyarrow: pip install 'farthing[parquet]'") from None
    rows = question.rows(past)
    columns: dict[str, Any] = {
        name: pa.array([row.group[place] for row in rows], pa.string()) for place, name in enumerate(question.by)
    }
    types = {
        Kind.COUNT: pa.int64(),
        Kind.USD: pa.decimal128(38, 9),
        Kind.SHARE: pa.float64(),
    }
    for figure in FIGURES:
        values = [_value(figure, figure.of(row)) for row in rows]
        columns[figure.name] = pa.array(values, types[figure.kind])
    sink = sys.stdout.buffer if question.output is None else question.output
    parquet.write_table(pa.table(columns), sink)


def _value(figure: Figure, value: int | float | None) -> object:
    return Decimal(value).scaleb(-9) if figure.kind is Kind.USD and isinstance(value, int) else value
