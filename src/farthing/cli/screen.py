"""What people see: tables, bars and amounts; and JSON for programs."""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from farthing.accounts import paper
from farthing.domain.budget import Unit

WIDTH_OF_A_PIPE = 140
"""Where the output is no terminal it is not folded to 80 columns."""


def screen(*, err: bool = False) -> Console:
    """The terminal, or a plain file. Honours NO_COLOR; breaks no words and invents no markup."""
    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else WIDTH_OF_A_PIPE
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def say_json(value: Any, *, err: bool = False) -> None:
    """One JSON document, two spaces deep."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode(), err=err)


def table(head: Sequence[str], rows: Iterable[Sequence[str | Text]], *, right: Iterable[int] = ()) -> Table:
    """A table without frames. `right` are the columns of numbers."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    numbers = set(right)
    for place, name in enumerate(head):
        made.add_column(name, justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def dollars(nanos: int | None) -> str:
    """`$0.00006135`: exact, as short as it can be; `unpriced` where nobody knows."""
    return "unpriced" if nanos is None else paper.dollars(nanos)


def money(unit: Unit, amount: int) -> str:
    """`$5.00`, and `5.00 EUR` in any other currency."""
    shown = dollars(amount)
    return shown if unit is Unit.USD else f"{shown.replace('$', '')} {unit.currency}"


def quantity(unit: Unit, amount: int) -> str:
    """An amount in its unit, for people."""
    return money(unit, amount) if unit.currency else f"{amount:,}"


def amount(unit: Unit, amount: int) -> str:
    """An amount with its unit in words: `$0.50`, `1,000 output tokens`, `1 call`."""
    if unit.currency:
        return money(unit, amount)
    words = unit.value.replace("_", " ")
    return f"{amount:,} {words.removesuffix('s') if amount == 1 else words}"


def moment(ms: int | None) -> str:
    """A moment as people in this time zone write it; "" for none."""
    return datetime.fromtimestamp(ms / 1_000).astimezone().strftime("%Y-%m-%d %H:%M:%S") if ms else ""


def stamp(ms: int | None) -> str | None:
    """A moment for programs: ISO 8601 in UTC."""
    return datetime.fromtimestamp(ms / 1_000, UTC).isoformat(timespec="milliseconds") if ms else None


BAR_WIDTH = 24


def bar(*, limit: int, spent: int, unknown: int, held: int, width: int = BAR_WIDTH) -> Text:
    """A budget as a bar: spent, unknown (counts as spent), held by calls in flight, and left."""
    shown = Text()
    used = 0
    sum_so_far = 0
    for amount, mark, style in ((spent, "█", "red"), (unknown, "▓", "magenta"), (held, "▒", "yellow")):
        sum_so_far += amount
        upto = min(width, -(-sum_so_far * width // limit)) if limit > 0 else (width if sum_so_far else 0)
        shown.append(mark * (upto - used), style=style)
        used = max(used, upto)
    shown.append("·" * (width - used), style="dim")
    return shown
