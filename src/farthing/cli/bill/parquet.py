"""FOCUS rows as a Parquet file: decimals with fifteen places, times in UTC, null for what is not there."""

import sys
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from farthing.billing.focus_columns import COUNTS, DECIMALS, MOMENTS, Version, columns
from farthing.cli.commands import Said

PLACES = 15
ROWS = 20_000
"""Rows of one group in the file."""


def write_parquet(rows: Iterable[tuple[str, ...]], version: Version, output: Path | None) -> None:
    """To the file that was named, or to a pipe. Raises Said where pyarrow is missing or the screen is meant."""
    if output is None and sys.stdout.isatty():
        raise Said("a Parquet file is nothing for the screen: name one with --output focus.parquet")
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise Said("Parquet needs pyarrow: pip install 'farthing[parquet]'") from None
    names = columns(version)
    schema = pa.schema([(name, _type(pa, name)) for name in names])
    sink = sys.stdout.buffer if output is None else output
    with parquet.ParquetWriter(sink, schema) as writer:
        waiting = iter(rows)
        while some := list(islice(waiting, ROWS)):
            arrays = [
                pa.array([_value(name, row[place]) for row in some], schema.field(place).type)
                for place, name in enumerate(names)
            ]
            writer.write_table(pa.table(arrays, schema=schema))


def _type(pa: Any, name: str) -> Any:
    if name in DECIMALS:
        return pa.decimal128(38, PLACES)
    if name in COUNTS:
        return pa.int64()
    return pa.timestamp("ms", tz="UTC") if name in MOMENTS else pa.string()


def _value(name: str, text: str) -> object:
    if not text:
        return None
    if name in DECIMALS:
        return Decimal(text)
    if name in COUNTS:
        return int(text)
    return datetime.fromisoformat(text) if name in MOMENTS else text
