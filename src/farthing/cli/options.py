"""Options that several commands share, and the settings and store that they lead to."""

import getpass
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click

from farthing.accounts.attribution import flaw_of
from farthing.cli.commands import UNAVAILABLE, Said
from farthing.config.engine import wall_ms
from farthing.config.load import DEFAULT_FILE, load
from farthing.config.settings import Settings
from farthing.config.store import path_of
from farthing.config.wiring import budgets_in_force
from farthing.domain.budget import Budget
from farthing.domain.record import Labels
from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.stores.sqlite.records import SqliteRecords

Command = Callable[..., Any]

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON; amounts are decimal strings.")


def with_settings(command: Command) -> Command:
    """`--config` and `--store`; the command is given `settings`."""

    @click.option(
        "--config",
        type=click.Path(path_type=Path),
        envvar="FARTHING_CONFIG",
        help=f"The configuration; ./{DEFAULT_FILE} where there is one, else the environment.",
    )
    @click.option("--store", help="The store's file, instead of the one the configuration names.")
    @wraps(command)
    def wrapped(config: Path | None, store: str | None, **rest: Any) -> Any:
        return command(settings=settings_from(config, store), **rest)

    return wrapped


def settings_from(config: Path | None, store: str | None = None, **flags: object) -> Settings:
    """The settings that hold here. Raises BadConfigs with every problem there is."""
    return load(config_file(config), os.environ, {"store.url": store_url(store), **flags})


def config_file(named: Path | None) -> Path | None:
    """The file that was named, else `./farthing.toml` where there is one, else None: the environment."""
    if named is not None:
        return named
    default = Path(DEFAULT_FILE)
    return default if default.exists() else None


def store_url(store: str | None) -> str | None:
    """A store as the configuration names it: a plain path is an SQLite file."""
    if store is None or "://" in store or store == "memory:":
        return store
    return f"sqlite:///{store}"


class Store(NamedTuple):
    """The store of these settings, for a command: with or without a gateway running on it."""

    path: Path
    directory: SqliteDirectory
    records: SqliteRecords

    def budgets(self, settings: Settings) -> tuple[Budget, ...]:
        """The file's budgets and the stored ones."""
        return budgets_in_force(settings, self.directory.load())


@contextmanager
def open_store(settings: Settings, *, make: bool = False) -> Iterator[Store]:
    """The store; `make` makes its file where there is none. Raises StoreBroken with what to do."""
    path = path_of(settings)
    if path is None:
        raise Said("the store is in the memory of the gateway; name a file: [store] url or --store", UNAVAILABLE)
    if not make and not path.exists():
        raise Said(
            f"there is no store at {path} yet; `farthing serve` makes it, or name another with --store", UNAVAILABLE
        )
    directory = SqliteDirectory(path, now_ms=wall_ms)
    records = SqliteRecords(path)
    try:
        yield Store(path, directory, records)
    finally:
        directory.close()
        records.close()


def who() -> str:
    """Whose command this is, for the audit."""
    try:
        return f"{getpass.getuser()} at the command line"
    except (KeyError, OSError):  # no such user in this container
        return "the command line"


def labels(command: Command) -> Command:
    """`--label name=value`, as often as wanted; the command is given `labels`, sorted by name."""
    return click.option(
        "--label", "labels", multiple=True, metavar="NAME=VALUE", callback=_labels, help="A label; may be repeated."
    )(command)


def since(default: str) -> Callable[[Command], Command]:
    """`--since 7d`; the command is given `since`, in milliseconds back from now."""
    return click.option(
        "--since", default=default, show_default=True, callback=_span, help="How far back: 90m, 24h, 7d or 4w."
    )


def label_from(text: str) -> tuple[str, str]:
    """`name=value`. Raises click.BadParameter that says what is wrong."""
    name, mark, content = text.partition("=")
    if not mark:
        raise click.BadParameter(f"{text!r} must be written name=value, like team=support")
    flaw = flaw_of(name, content)
    if flaw:
        raise click.BadParameter(f"the label {name!r} cannot be used: {flaw}")
    return name, content


def _labels(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> Labels:
    pairs = [label_from(text) for text in given]
    if len(dict(pairs)) != len(pairs):
        raise click.BadParameter("a label is given twice")
    return tuple(sorted(pairs))


def _span(_: click.Context, __: click.Parameter, text: str) -> int:
    found = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is not a length of time; write 90m, 24h, 7d or 4w")
    return int(found[1]) * _SPAN_MS[found[2]]


_SPAN_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def names(text: str) -> tuple[str, ...]:
    """`a,b, c` as names."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
