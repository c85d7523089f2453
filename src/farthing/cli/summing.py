"""Summing up the past before a report reads it: told with a bar, in small pieces, and stopped without loss."""

from collections.abc import Callable
from typing import Any

import click

from farthing.cli.commands import INTERRUPTED, Said
from farthing.cli.progress import progress
from farthing.domain.errors import LedgerUnavailable
from farthing.stores.sqlite.history import SqliteHistory

Command = Callable[..., Any]

LITTLE = 20_000
"""So many calls are read as they are, in about half a second."""
_NO_SUM = "farthing.no_sum"


def no_sum(command: Command) -> Command:
    """`--no-sum`; `sum_up_first` knows of it."""

    def remember(context: click.Context, _: click.Parameter, value: bool) -> None:
        context.meta[_NO_SUM] = value or context.meta.get(_NO_SUM, False)

    return click.option(
        "--no-sum",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Do not sum up the past first: read it call by call, however long that takes.",
    )(command)


def sum_up_first(history: SqliteHistory, since_ms: int, until_ms: int) -> None:
    """Sum up what a report about this time would have to read call by call, where that is much.

    Each piece is kept, whatever happens to the next, and other processes may sum and call meanwhile. Where the store
    cannot be written now the report goes on without. Raises Said when it is interrupted.
    """
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(_NO_SUM, False):
        return
    try:
        with progress("summing up the past", "summing up the past, in hours") as told:
            while history.unsummed(since_ms=since_ms, until_ms=until_ms, most=LITTLE + 1) > LITTLE:
                at = history.summing(since_ms=since_ms)
                told(at.summed_hours, at.hours)
                if not history.sum_up():
                    return
    except KeyboardInterrupt:
        said = f"{history.summing(since_ms=since_ms)}, and what is summed stays so"
        raise Said(f"{said}; the same command goes on, --no-sum does without", INTERRUPTED) from None
    except LedgerUnavailable as error:
        click.echo(f"farthing: the past cannot be summed up, so it is read call by call: {error}", err=True)
