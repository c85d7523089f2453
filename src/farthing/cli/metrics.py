"""`farthing metrics`: the figures that `/metrics` gives, from the store itself; and the Grafana dashboard that reads them."""

from typing import TYPE_CHECKING

import click

from farthing.cli.options import as_json, open_store, with_settings
from farthing.cli.progress import progress
from farthing.cli.screen import say_json
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings

if TYPE_CHECKING:
    from farthing.telemetry.tally import Tally

PIECE = 5_000
"""Calls taken into the sums at once."""


@click.group(no_args_is_help=True)
def metrics() -> None:
    """What Prometheus is told: the figures, and a Grafana dashboard for them.

    A running gateway gives the same at /metrics, with budgets and its own health beside them.
    """


@metrics.command()
@with_settings
@as_json
def show(settings: Settings, as_json: bool) -> None:
    """Sum up everything recorded, as Prometheus reads it.

    With or without a gateway on the same store; nothing is changed.
    """
    from farthing.telemetry import prometheus
    from farthing.telemetry.families import COUNTER, Family, of_tally
    from farthing.telemetry.tally import Spread

    families: list[Family] = list(of_tally(_summed(settings)))
    if not as_json:
        click.echo(prometheus.text(families).decode(), nl=False)
        return
    say_json(
        [
            {
                "name": prometheus.name_of(family) + ("_total" if family.kind == COUNTER else ""),
                "labels": dict(point.labels),
                "value": str(point.value),
            }
            for family in families
            for point in family.points
            if not family.alias and not isinstance(point.value, Spread)
        ]
    )


@metrics.command()
def grafana() -> None:
    """Print a dashboard for Grafana's import."""
    from farthing.telemetry.grafana import document

    click.echo(document(), nl=False)


def _summed(settings: Settings) -> "Tally":
    """The tally of everything in the store."""
    from farthing.config.booked import book_of
    from farthing.config.telemetry import naive_in
    from farthing.config.wiring import cards_of, rules_of
    from farthing.pricing.facts import FactBook
    from farthing.stores.sqlite.trail import SqliteTrail
    from farthing.telemetry.tally import Tally

    told = settings.telemetry
    with open_store(settings) as store:
        book = book_of(settings)
        card_of = cards_of(rules_of(settings, store.directory.load(), book, FactBook.load(book)))
        trail = SqliteTrail(store.path)
        tally = Tally(
            trail,
            labels=told.labels,
            most_values=told.max_values,
            naive_of=lambda opening, attempt: naive_in(card_of, opening, attempt),
        )
        try:
            with progress("Summing", "Summing") as told_of:
                done = 0
                while not tally.caught_up:
                    done += tally.bring_on(wall_ms(), 0, PIECE)
                    told_of(done, None)
        finally:
            trail.close()
    return tally
