"""`farthing replay`: the same history under another policy."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click

from farthing.cli.commands import FAILED, Said
from farthing.cli.options import as_json, config_file, labels, names, open_store, store_url
from farthing.cli.past import moment_from
from farthing.cli.replay.text import plain, show, write_csv
from farthing.cli.screen import say_json, screen
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.record import Labels
from farthing.ports.directory import Stored
from farthing.pricing.book import PriceBook
from farthing.replay.policy import policy_from, remarks
from farthing.replay.recorded import Recorded
from farthing.replay.replaying import Replay, Replayed
from farthing.replay.sources import FORMATS, calls_in
from farthing.replay.store import calls_of, ids_between
from farthing.replay.tally import Tally
from farthing.replay.world import NOTHING_STORED, World

_STEP = 64
"""Calls between two steps of the progress bar."""
_EVER_MS = 1 << 62
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class Wanted(NamedTuple):
    """Which recorded calls."""

    files: tuple[Path, ...]
    form: str
    model: str
    since_ms: int
    until_ms: int
    run: str | None
    labels: Labels

    def has(self, call: Recorded) -> bool:
        named = all(call.label(name) == value for name, value in self.labels)
        return self.since_ms <= call.arrived_ms < self.until_ms and named and self.run in (None, call.run)


class Recording(NamedTuple):
    """The calls to replay."""

    calls: Iterable[Recorded]
    total: int | None
    """How many there are, where that is known beforehand."""
    stored: Stored


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    return None if text is None else moment_from(text, wall_ms())


@click.command()
@click.option(
    "--policy", type=_FILE, help="A farthing.toml, whole or only the tables that change; by default the recorded one."
)
@click.option(
    "--set",
    "assigned",
    multiple=True,
    metavar="PATH=VALUE",
    help='A single setting of the policy, like budgets.0.limit="5 USD"; may be repeated.',
)
@click.option(
    "--from", "files", type=_FILE, multiple=True, help="Traffic in a file instead of the store; may be repeated."
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="auto", show_default=True, help="Its shape.")
@click.option("--model", default="gpt-4o-mini", show_default=True, help="What the calls of a trace of lengths ask for.")
@click.option(
    "--since", callback=_moment, metavar="WHEN", help="Calls from then on: 7d (back from now), a day or a moment."
)
@click.option("--until", callback=_moment, metavar="WHEN", help="Calls before then.")
@click.option("--run", help="Calls of this run.")
@labels
@click.option(
    "--by", default="workflow,model", show_default=True, metavar="A,B", help="Labels, or model, provider, key."
)
@click.option("--runs", is_flag=True, help="List every run that ends or costs otherwise.")
@click.option("--keep-going", is_flag=True, help="Runs make all their calls, whatever is refused.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a line for each run.")
@as_json
@click.option("--progress/--no-progress", default=None, help="A progress bar on stderr; by default on a terminal.")
@click.option(
    "--config", type=click.Path(path_type=Path), envvar="FARTHING_CONFIG", help="The configuration of the record."
)
@click.option("--store", help="The store's file, instead of the one the configuration names.")
def replay(policy: Path | None, config: Path | None, store: str | None, by: str, **given: Any) -> None:
    """The same history under another policy: what it would have cost.

    Cost, tokens, refusals and latency stand beside what was.

    Calls go through the gateway's own engine in made-up time, and nothing is sent. What the policy leaves as it was keeps
    its recorded usage; the rest is simulated, and the report says how much that is.
    """
    then, now = policy_from(config_file(config), policy, os.environ, {"store.url": store_url(store)}, given["assigned"])
    tally = Tally(names(by) or ("workflow", "model"))
    with _recording(_wanted(given), then) as recording:
        world = World(now, then, recording.stored)
        with _progress(recording.total, wanted=given["progress"]) as step:
            _run(world, recording.calls, tally, step, goes_on=given["keep_going"])
    if not tally.whole.then.calls:
        raise Said("there are no calls to replay; look at --since, --run, --label and --store", FAILED)
    found = remarks(now, then, world.budgets)
    name = " ".join((*([str(policy)] if policy else []), *given["assigned"])) or None
    if given["as_json"]:
        say_json(plain(tally, found, name, runs=given["runs"]))
    elif given["as_csv"]:
        write_csv(tally, sys.stdout)
    else:
        show(tally, found, name, runs=given["runs"])


def _wanted(given: dict[str, Any]) -> Wanted:
    return Wanted(
        files=given["files"],
        form=given["form"],
        model=given["model"],
        since_ms=given["since"] or 0,
        until_ms=given["until"] or _EVER_MS,
        run=given["run"],
        labels=given["labels"],
    )


@contextmanager
def _recording(wanted: Wanted, then: Settings) -> Iterator[Recording]:
    """The calls that are wanted, from files or from the store of these settings."""
    if wanted.files:
        prices = PriceBook.load().overlay(then.prices)
        calls = calls_in(wanted.files, format=wanted.form, model=wanted.model, prices=prices)
        yield Recording(filter(wanted.has, calls), None, NOTHING_STORED)
        return
    with open_store(then) as store:
        records, times = store.records, {"since_ms": wanted.since_ms, "until_ms": wanted.until_ms}
        ids = ids_between(records, **times, labels=wanted.labels, run=wanted.run)
        yield Recording(calls_of(records, ids), len(ids), store.directory.load())


def _run(world: World, calls: Iterable[Recorded], tally: Tally, step: Callable[[int], None], *, goes_on: bool) -> None:
    done = 0

    def take(each: Replayed) -> None:
        nonlocal done
        tally.add(each)
        done += 1
        if done % _STEP == 0:
            step(_STEP)

    Replay(world, take, goes_on=goes_on).run(calls)


@contextmanager
def _progress(total: int | None, *, wanted: bool | None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where somebody looks at it."""
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield lambda _: None
        return
    from rich.progress import Progress

    with Progress(console=screen(err=True), transient=True) as bar:
        task = bar.add_task("replaying", total=total)
        yield lambda calls: bar.advance(task, calls)
