"""What reports are made of, for a command: the store's history, outcomes and records, and which time is meant."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click

from farthing.accounts.attribution import LABEL_NAME
from farthing.cli.options import Store, label_from, names, open_store
from farthing.cli.receipt.command import cards
from farthing.cli.summing import sum_up_first
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.record import Labels
from farthing.ports.history import CardOf
from farthing.stores.sqlite.history import SqliteHistory
from farthing.stores.sqlite.outcomes import SqliteOutcomes

Command = Callable[..., Any]
EVER = (0, 2**53)
"""What reports about runs read: a run is told whole, whenever it began."""
_BACK = re.compile(r"(\d{1,6})([mhdw])")
_BACK_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


class Past(NamedTuple):
    """The store as reports want it."""

    store: Store
    history: SqliteHistory
    outcomes: SqliteOutcomes
    card_of: CardOf
    settings: Settings


@contextmanager
def open_past(settings: Settings, *, make: bool = False, reads: tuple[int, int] | None = None) -> Iterator[Past]:
    """The store and its history; `make` makes its file where there is none. Of the time that it `reads`, from and until,
    what is not summed yet is summed first. Raises StoreBroken with what to do."""
    with open_store(settings, make=make) as store:
        history = SqliteHistory(store.path, now_ms=wall_ms)
        outcomes = SqliteOutcomes(store.path)
        card_of = cards(settings)
        history.price_with(card_of)
        try:
            if reads is not None:
                sum_up_first(history, *reads)
            yield Past(store, history, outcomes, card_of, settings)
        finally:
            history.close()
            outcomes.close()


def time_span(default: str) -> Callable[[Command], Command]:
    """`--since` and `--until`; the command is given both in milliseconds since 1970, `until_ms` not included."""

    def with_both(command: Command) -> Command:
        until = click.option(
            "--until", "until_ms", default="", metavar="WHEN", callback=_until, help="As --since; now by default."
        )
        since = click.option(
            "--since",
            "since_ms",
            default=default,
            show_default=True,
            metavar="WHEN",
            callback=_moment,
            help="How long ago (90m, 24h, 7d, 4w), a day (2026-11-01) or a moment (2026-11-01T14:00Z); UTC.",
        )
        return since(until(command))

    return with_both


def where(command: Command) -> Command:
    """`--where team=support,agent=bot`; the command is given `where`, sorted by name."""
    return click.option(
        "--where",
        default="",
        metavar="A=X,B=Y",
        callback=_where,
        help="Only calls with these labels (A= for those without), or of this model, provider, key, outcome …",
    )(command)


def grouped(default: str, help: str, most: int = 6) -> Callable[[Command], Command]:
    """`--by team,model`; the command is given `by`."""

    def checked(_: click.Context, __: click.Parameter, text: str) -> tuple[str, ...]:
        found = names(text)
        if not 1 <= len(found) <= most or len(set(found)) != len(found):
            raise click.BadParameter(f"names 1 to {most} different groups, like team,model")
        for name in found:
            if LABEL_NAME.fullmatch(name) is None:
                raise click.BadParameter(f"{name!r} is neither a label nor model, provider, key, outcome, day …")
        return found

    return click.option("--by", default=default, show_default=True, metavar="A,B", callback=checked, help=help)


def moment_from(text: str, now_ms: int) -> int:
    """Milliseconds since 1970 of a time ago, a day or a moment. Raises click.BadParameter."""
    back = _BACK.fullmatch(text)
    if back is not None:
        return now_ms - int(back[1]) * _BACK_MS[back[2]]
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no time: write how long ago (90m, 24h, 7d, 4w), a day (2026-11-01) or a moment "
            "(2026-11-01T14:00Z)"
        ) from None
    return int((told if told.tzinfo is not None else told.replace(tzinfo=UTC)).timestamp() * 1_000)


def _moment(_: click.Context, __: click.Parameter, text: str) -> int:
    return moment_from(text, wall_ms())


def _until(_: click.Context, __: click.Parameter, text: str) -> int:
    now = wall_ms()
    return moment_from(text, now) if text else now + 1


def _where(_: click.Context, __: click.Parameter, text: str) -> Labels:
    pairs = [_filter(each) for each in names(text)]
    if len(dict(pairs)) != len(pairs):
        raise click.BadParameter("a name is given twice")
    return tuple(sorted(pairs))


def _filter(text: str) -> tuple[str, str]:
    """`name=value`; `name=` stands for calls without it."""
    name, mark, value = text.partition("=")
    return (name, "") if mark and not value and LABEL_NAME.fullmatch(name) else label_from(text)
