"""The books of a store for the commands of `farthing bill`, and the month a command is about."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import click

from farthing.billing.books import Books
from farthing.billing.month import before, check_month, month_of
from farthing.cli.options import Command
from farthing.cli.past import EVER, Past, open_past
from farthing.config.billing import books_of
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.stores.sqlite.billing import SqlitePeriods


class Ledgers(NamedTuple):
    """What a bill is made from."""

    books: Books
    past: Past


@contextmanager
def open_books(settings: Settings) -> Iterator[Ledgers]:
    """Raises StoreBroken with what to do."""
    with open_past(settings, reads=EVER) as past:
        periods = SqlitePeriods(past.store.path)
        try:
            yield Ledgers(books_of(settings, past.history, periods), past)
        finally:
            periods.close()


def month_from(text: str) -> str:
    """`2026-10`, `this` or `last`. Raises click.BadParameter."""
    now = month_of(wall_ms())
    if text in ("this", "last"):
        return now if text == "this" else before(now)
    try:
        return check_month(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}, or `this` or `last`") from error


def a_month(_: click.Context, __: click.Parameter, text: str) -> str:
    """A callback for options and arguments."""
    return month_from(text)


def month_option(default: str) -> Callable[[Command], Command]:
    """`--month 2026-10`; the command is given `month`."""
    return click.option(
        "--month",
        default=default,
        show_default=True,
        callback=a_month,
        metavar="MONTH",
        help="Like 2026-10; `this` or `last` (UTC).",
    )
