"""`farthing usage drivers`, which is also `usage --by driver`: what the money went for, every nano-dollar once."""

import csv
import sys
from pathlib import Path
from typing import Any

import click

from farthing.cli.commands import Said
from farthing.cli.options import as_json, names, with_settings
from farthing.cli.past import Past, open_past, time_span, where
from farthing.cli.progress import progress
from farthing.cli.report_words import percent
from farthing.cli.screen import dollars, say_json, screen, stamp, table
from farthing.cli.summing import no_sum
from farthing.cli.usage.formats import safe
from farthing.config.settings import Settings
from farthing.domain.money import usd
from farthing.domain.record import Labels
from farthing.reports.division import Division, divide
from farthing.reports.drivers import Driver, DriverRow
from farthing.reports.rates import share
from farthing.reports.siblings import siblings_among

EVERY_CALL = 10**9

_ROOM_FOR_ADVICE = 115
"""Columns of a screen that has room for what can be done."""

WORDS = {
    Driver.SYSTEM_PROMPT: ("system prompt and tools, again", "cache them; shorten them"),
    Driver.CONTEXT: ("earlier messages, again", "cache the prefix; cut or summarise what is old"),
    Driver.REFETCH: ("tool results fetched again", "cache tool results; keep them in the context"),
    Driver.LARGE_MODEL: ("large model on simple steps, at most", "route these steps to a small model"),
    Driver.VERBOSE_OUTPUT: ("output beyond twice the usual", "cap the output; ask for less"),
    Driver.NEW_INPUT: ("input, for the first time", ""),
    Driver.OUTPUT: ("the other output", ""),
    Driver.OTHER: ("searches, fees, unexplained", ""),
}
"""Each driver in words, and what can be done about it."""


@click.command()
@click.option("--by", default="", metavar="A,B", help="Labels to divide each group apart, like workflow.")
@time_span("7d")
@where
@with_settings
@no_sum
@as_json
def drivers(settings: Settings, by: str, as_json: bool, **asked: Any) -> None:
    """What the money went for: every nano-dollar under exactly one driver.

    Reads every call of that time, which takes about 15 seconds for 100,000 calls.
    """
    show_drivers(settings, names(by), "json" if as_json else "table", **asked)


def show_drivers(
    settings: Settings,
    by: tuple[str, ...],
    form: str,
    *,
    since_ms: int,
    until_ms: int,
    where: Labels,
    output: Path | None = None,
) -> None:
    """The division in this form. Raises Said for forms that it has not."""
    if form not in ("table", "json", "csv") or output is not None:
        raise Said("drivers are shown with --format table, json or csv, on standard output")
    reads = (since_ms, until_ms)
    with open_past(settings, reads=reads) as past, progress("looking for calls", "dividing calls") as told:
        found = divide(
            past.store.records,
            span_ms=(since_ms, until_ms),
            where=where,
            by=by,
            siblings=siblings_among(_models(past, settings, since_ms, until_ms), past.card_of),
            card_of=past.card_of,
            most=EVERY_CALL,
            progress=told,
        )
    if form == "json":
        say_json({"since": stamp(since_ms), "until": stamp(until_ms), "by": by, **plain_division(by, found)})
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow((*by, "driver", "calls", "cost_usd"))
        writer.writerows((*map(safe, row.group), row.driver.value, row.calls, usd(row.nanos)) for row in found.rows)
    elif not found.rows:
        click.echo(f"nothing was spent since {stamp(since_ms)}")
    else:
        _show(by, found)


def plain_division(by: tuple[str, ...], found: Division) -> dict[str, Any]:
    """For programs: amounts sum to `cost_usd` to the nano-dollar."""
    return {
        "calls": found.calls,
        "calls_in_runs": found.in_runs,
        "cost_usd": usd(found.nanos),
        "rows": [
            {
                "group": dict(zip(by, row.group, strict=True)),
                "driver": row.driver.value,
                "calls": row.calls,
                "cost_usd": usd(row.nanos),
                "share": share(row.nanos, found.nanos),
            }
            for row in found.rows
        ],
    }


def _models(past: Past, settings: Settings, since_ms: int, until_ms: int) -> list[tuple[str, str]]:
    """(provider, model) of whatever was called in that time or is named in `[tiers]`."""
    rows = past.history.usage(by=("provider", "model"), since_ms=since_ms, until_ms=until_ms)
    used = [(row.group[0], row.group[1]) for row in rows if row.group[0]]
    tiers = {model for entries in settings.tiers.values() for model in entries}
    providers = {provider for provider, _ in used}
    return used + [(provider, model.removeprefix(f"{provider}/")) for provider in providers for model in tiers]


def _show(by: tuple[str, ...], found: Division) -> None:
    rows = found.rows if by else sorted(found.rows, key=lambda row: -row.nanos)
    head = (*by, "what for", "calls", "cost", "share", "what to do")
    shown = len(head) if screen().width >= _ROOM_FOR_ADVICE else len(head) - 1
    whole = ("all", *[""] * len(by), f"{found.calls:,}", dollars(found.nanos), "", "")
    lines = [_line(row, found.nanos)[:shown] for row in rows]
    made = table(head[:shown], lines, right=range(len(by) + 1, len(by) + 4))
    made.add_section()
    made.add_row(*whole[:shown], style="bold")
    screen().print(made)
    alone = found.calls - found.in_runs
    if alone:
        click.echo(f"{alone:,} calls name no run: whether they send anything again, nobody can tell")


def _line(row: DriverRow, whole: int) -> tuple[str, ...]:
    what, to_do = WORDS[row.driver]
    group = (value or "(none)" for value in row.group)
    return (*group, what, f"{row.calls:,}", dollars(row.nanos), percent(share(row.nanos, whole)), to_do)
