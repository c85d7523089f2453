"""The forms a usage report is written in. `FORMATS` names them: another form is one more line there."""

import csv
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import msgspec

from farthing.cli.commands import Said
from farthing.cli.past import Past
from farthing.cli.screen import dollars, say_json, screen, stamp, table
from farthing.domain.money import usd
from farthing.domain.record import Labels
from farthing.ports.records import UsageRow
from farthing.reports.figures import FIGURES, Figure, Kind, worth_showing
from farthing.reports.rates import total


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. Times are milliseconds since 1970, `until_ms` not included."""

    by: tuple[str, ...]
    since_ms: int
    until_ms: int
    where: Labels = ()
    output: Path | None = None
    """A file to write to; None: standard output."""

    @property
    def times(self) -> tuple[int, int]:
        return self.since_ms, self.until_ms

    def rows(self, past: Past) -> tuple[UsageRow, ...]:
        """The answer, ordered by group."""
        return past.history.usage(by=self.by, since_ms=self.since_ms, until_ms=self.until_ms, where=self.where)


Render = Callable[[Question, Past], None]

FORMATS = {
    "table": "farthing.cli.usage.formats:as_table",
    "json": "farthing.cli.usage.formats:as_json",
    "csv": "farthing.cli.usage.formats:as_csv",
    "parquet": "farthing.cli.usage.parquet:as_parquet",
    "focus": "farthing.cli.bill.usage:as_focus",
}
"""Name → `module:Render`, loaded when it is asked for."""

_ENDLESS = 10_000
_SPARE = ("refused", "saved_usd", "cache_hit_rate", "saved_share", "calls")
"""Columns that make room on a narrow screen, in this order. Everything is in JSON and CSV."""


def render(form: str, question: Question, past: Past) -> None:
    """Write the report in this form."""
    module, _, name = FORMATS[form].partition(":")
    found: Render = getattr(import_module(module), name)
    found(question, past)


def as_json(question: Question, past: Past) -> None:
    rows = question.rows(past)
    document = {
        "since": stamp(question.since_ms),
        "until": stamp(question.until_ms),
        "by": question.by,
        "where": dict(question.where),
        "rows": [{"group": dict(zip(question.by, row.group, strict=True)), **plain(row)} for row in rows],
        "total": plain(total(rows)),
    }
    if question.output is None:
        say_json(document)
    else:
        question.output.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def as_csv(question: Question, past: Past) -> None:
    if question.output is None:
        _write_csv(sys.stdout, question, past)
    else:
        with question.output.open("w", encoding="utf-8", newline="") as file:
            _write_csv(file, question, past)


def _write_csv(file: Any, question: Question, past: Past) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*question.by, *(figure.name for figure in FIGURES)))
    for row in question.rows(past):
        writer.writerow((*map(safe, row.group), *("" if value is None else value for value in plain(row).values())))


def safe(text: str) -> str:
    """A label as a cell that no spreadsheet takes for a formula: callers choose labels."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def plain(row: UsageRow) -> dict[str, int | float | str | None]:
    """Every figure by its name: amounts as decimal strings, counts and shares as numbers."""
    return {figure.name: _plain(figure, figure.of(row)) for figure in FIGURES}


def _plain(figure: Figure, value: int | float | None) -> int | float | str | None:
    return usd(value) if figure.kind is Kind.USD and isinstance(value, int) else value


def as_table(question: Question, past: Past) -> None:
    """The dearest group first, the sum last. Columns that say nothing are left out."""
    if question.output is not None:
        raise Said("a table is for the screen; --output takes --format json, csv or parquet")
    rows = sorted(question.rows(past), key=lambda row: (-row.cost_nanos, row.group))
    if not rows:
        click.echo(f"no calls since {stamp(question.since_ms)}")
        return
    whole = total(rows)
    screen().print(_fitting(question.by, rows, whole, screen().width))
    for note in _notes(whole):
        click.echo(note)


def _fitting(by: tuple[str, ...], rows: list[UsageRow], whole: UsageRow, width: int) -> Any:
    """The table with as many columns as the screen has room for."""
    shown = [figure for figure in worth_showing(rows) if figure.name not in ("estimated_usd", "unpriced", "open")]
    endless = screen().options.update(width=_ENDLESS)
    for spare in (None, *_SPARE):
        shown = [figure for figure in shown if figure.name != spare]
        made = _table(by, rows, whole, shown)
        if screen().measure(made, options=endless).maximum <= width:
            break
    return made


def _table(by: tuple[str, ...], rows: list[UsageRow], whole: UsageRow, shown: list[Figure]) -> Any:
    head = (*by, *(figure.title for figure in shown))
    lines = [(*(value or "(none)" for value in row.group), *(cell(each, row) for each in shown)) for row in rows]
    made = table(head, lines, right=range(len(by), len(head)))
    made.add_section()
    made.add_row("all", *[""] * (len(by) - 1), *(cell(each, whole) for each in shown), style="bold")
    return made


def cell(figure: Figure, row: UsageRow) -> str:
    """A figure as people read it."""
    value = figure.of(row)
    if value is None:
        return "–"
    if figure.kind is Kind.SHARE:
        return f"{value:.1%}"
    assert isinstance(value, int)
    return dollars(value) if figure.kind is Kind.USD else f"{value:,}"


def _notes(whole: UsageRow) -> list[str]:
    """How far the sum is the whole truth."""
    notes = []
    if whole.estimated_nanos:
        notes.append(f"{dollars(whole.estimated_nanos)} of it is estimated: no provider said what it used")
    if whole.open:
        notes.append(f"{_attempts(whole.open)} still open, and in no sum yet")
    if whole.unpriced:
        notes.append(f"{_attempts(whole.unpriced)} without a price, and in no sum: see `farthing prices check`")
    return notes


def _attempts(count: int) -> str:
    return "1 attempt is" if count == 1 else f"{count:,} attempts are"
