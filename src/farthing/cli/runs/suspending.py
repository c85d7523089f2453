"""Suspending and resuming in the store: what `farthing runs` and `farthing keys` have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from farthing.cli.options import as_json, open_store, who, with_settings
from farthing.cli.screen import moment, say_json, stamp
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.suspension import KEY, Subject, Suspension
from farthing.stores.sqlite.guards import SqliteGuards

_MINUTE_MS = 60_000
for_how_long = click.option(
    "--for",
    "minutes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="Until resumed if not given.",
)
why_so = click.option("--why", default="", help="Told to whoever is refused.")


@contextmanager
def guards_of(settings: Settings, *, make: bool = False) -> Iterator[SqliteGuards]:
    """The stored suspensions and runs, with or without a gateway running on them."""
    with open_store(settings, make=make) as store:
        guards = SqliteGuards(store.path, now_ms=wall_ms)
        try:
            yield guards
        finally:
            guards.close()


def suspend(settings: Settings, subject: Subject, minutes: float | None, why: str, *, as_json: bool) -> None:
    """Refuse the calls of this subject, within half a second in every running gateway."""
    label, value = subject
    now_ms = wall_ms()
    suspension = Suspension(
        label=label,
        value=value,
        until_ms=None if minutes is None else now_ms + int(minutes * _MINUTE_MS),
        by=who(),
        why=why,
        at_ms=now_ms,
    )
    with guards_of(settings, make=True) as guards:
        guards.suspend(suspension)
    if as_json:
        say_json(plain(suspension))
    else:
        until = f" until {moment(suspension.until_ms)}" if suspension.until_ms else ""
        click.echo(f"{label} {value} is suspended{until}; a running gateway refuses its calls from now on")


def resume(settings: Settings, subject: Subject, *, as_json: bool) -> None:
    """Let this subject call again; what tripped for it begins anew. A run goes on, whatever stopped it."""
    with guards_of(settings, make=True) as guards:
        lifted = guards.resume(subject, who())
        reopened = guards.reopen(subject[1], who=who()) if subject[0] == "run" else None
    label, value = subject
    if as_json:
        say_json({"label": label, "value": value, "was_suspended": lifted, "reopened": reopened is not None})
    else:
        was = "is not suspended any more" if lifted else "was not suspended"
        click.echo(f"{label} {value} {was}; its breakers are closed and its counters begin anew")


def plain(suspension: Suspension) -> dict[str, object]:
    """One suspension for programs."""
    return {
        "label": suspension.label,
        "value": suspension.value,
        "until": stamp(suspension.until_ms),
        "by": suspension.by,
        "why": suspension.why,
        "at": stamp(suspension.at_ms),
    }


@click.command("suspend")
@click.argument("name")
@for_how_long
@why_so
@with_settings
@as_json
def suspend_key(settings: Settings, name: str, minutes: float | None, why: str, as_json: bool) -> None:
    """Refuse the calls of a key for a while, or until it is resumed. Nothing is revoked."""
    suspend(settings, (KEY, name), minutes, why, as_json=as_json)


@click.command("resume")
@click.argument("name")
@with_settings
@as_json
def resume_key(settings: Settings, name: str, as_json: bool) -> None:
    """Let a key call again."""
    resume(settings, (KEY, name), as_json=as_json)
