"""`farthing bill export`: a month as FOCUS rows, to a file or a pipe."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from farthing.billing.export_text import focus_csv, focus_objects
from farthing.billing.focus import focus_rows
from farthing.billing.focus_columns import VERSIONS, Version
from farthing.cli.bill.books import month_option, open_books
from farthing.cli.commands import Said
from farthing.cli.options import as_json, with_settings
from farthing.cli.summing import no_sum
from farthing.config.settings import Settings

FORMATS = ("csv", "json", "parquet")


@click.command()
@month_option("last")
@click.option(
    "--focus", "version", type=click.Choice(VERSIONS), default="1.4", show_default=True, help="FOCUS version."
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@click.option("--hourly", is_flag=True, help="One row an hour instead of a day, for a month that is open.")
@click.option("--allocate", is_flag=True, help="Divide shared costs among the teams that bear them.")
@as_json
@with_settings
@no_sum
def export(
    settings: Settings,
    month: str,
    version: Version,
    form: str,
    output: Path | None,
    hourly: bool,
    allocate: bool,
    as_json: bool,
) -> None:
    """A month as FOCUS rows: one for each day, set of labels, model and meter.

    Costs beside models have a row for each day, set of labels and kind. A closed month is exported as it was told. An open one may still change; corrections of closed months stand in it.
    """
    with open_books(settings) as opened:
        bill = opened.books.bill(month, hourly=hourly)
        book = opened.books.book
    rows = focus_rows(bill, version, book=book, allocate=allocate)
    write_focus(rows, version, "json" if as_json else form, output)
    if bill.closed is None:
        click.echo(f"{month} is open: it may still change; `farthing bill close {month}` tells it for good", err=True)


def write_focus(rows: Iterable[tuple[str, ...]], version: Version, form: str, output: Path | None) -> None:
    """Rows in one of `FORMATS`. Raises Said where a file is needed, or pyarrow."""
    if form == "parquet":
        from farthing.cli.bill.parquet import write_parquet

        write_parquet(rows, version, output)
        return
    with _opened(output) as file:
        if form == "csv":
            file.writelines(focus_csv(rows, version))
        else:
            file.writelines(_json_lines(focus_objects(rows, version)))


def _json_lines(objects: Iterable[dict[str, str | None]]) -> Iterator[str]:
    """A JSON list, one object a line."""
    before = "[\n"
    for each in objects:
        yield before + msgspec.json.encode(each).decode()
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


@contextmanager
def _opened(output: Path | None) -> Iterator[Any]:
    if output is None:
        yield sys.stdout
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise Said(f"{output} cannot be written ({error.strerror}); name another file") from error
