"""`farthing alerts`: what was told and who has seen it, the rules and what they find, and a test of every address."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import click

from farthing.alerts.watch import Watch
from farthing.cli.commands import FAILED, Said
from farthing.cli.options import Store, as_json, open_store, who, with_settings
from farthing.cli.screen import moment, say_json, screen, table
from farthing.config.alert_rules import targets_of, watched_of
from farthing.config.alerting import courier_for, try_addresses
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.config.store import alert_secret_of
from farthing.gateway.admin.alert_views import (
    AlertView,
    DeliveryView,
    RuleList,
    RuleView,
    TrialList,
    alert_view,
    rules_view,
    trials_view,
)
from farthing.notify.in_force import limited
from farthing.ports.alerts import Alert
from farthing.providers.limits import Limits, Timeouts
from farthing.providers.pool import Pool
from farthing.stores.sqlite.alert_facts import SqliteFacts
from farthing.stores.sqlite.alerts import SqliteOutbox


@click.group(no_args_is_help=True)
def alerts() -> None:
    """Alerts: list, show, acknowledge; rules, and a test of every address.

    What is watched, and who is told, stands under [[alerts]] in the configuration.
    """


@alerts.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many, the newest first.")
@click.option("--firing", is_flag=True, help="Only those that are not over.")
@with_settings
@as_json
def ls(settings: Settings, limit: int, firing: bool, as_json: bool) -> None:
    """The newest alerts."""
    with open_store(settings) as store, outbox_of(store) as outbox:
        found = outbox.recent(limit=limit, firing=firing)
    if as_json:
        say_json([alert_view(alert) for alert in found])
    elif not found:
        click.echo(
            f"no alert {'is firing' if firing else 'was ever told'}; `farthing alerts rules` shows what is watched"
        )
    else:
        head = ("alert", "told", "rule", "about", "value", "state", "delivered")
        screen().print(table(head, map(_row, found), right=(0, 4)))


@alerts.command()
@click.argument("alert", type=int)
@with_settings
@as_json
def show(settings: Settings, alert: int, as_json: bool) -> None:
    """One alert: what it said, who has seen it, and where it was delivered."""
    with open_store(settings) as store, outbox_of(store) as outbox:
        found = find(outbox, alert)
    view = alert_view(found)
    if as_json:
        say_json(view)
        return
    click.echo(f"{view.title}\n\n{view.text}\n")
    click.echo(f"told {moment(found.at_ms)}; {_state(found)}")
    for delivery in view.deliveries:
        click.echo(f"  {_delivery(delivery)}")


@alerts.command()
@click.argument("alerts", type=int, nargs=-1, required=True, metavar="ALERT…")
@with_settings
def ack(settings: Settings, alerts: tuple[int, ...]) -> None:
    """Say that somebody has seen it: what is not yet delivered is dropped, and it is silent until it is calm again."""
    with open_store(settings) as store, outbox_of(store) as outbox:
        for number in alerts:
            find(outbox, number)
        for number in alerts:
            outbox.acknowledge(number, who(), wall_ms())
            click.echo(f"alert {number} is {_state(find(outbox, number))}")


@alerts.command()
@with_settings
@as_json
def rules(settings: Settings, as_json: bool) -> None:
    """Every rule, who is told, and what it finds now or why it is silent."""
    with open_store(settings) as store:
        found = _look(store, settings).rules
    if as_json:
        say_json(found)
        return
    rows = [(rule.rule, ", ".join(rule.to), _now(rule)) for rule in found]
    screen().print(table(("rule", "told to", "now"), rows))


@alerts.command()
@with_settings
@as_json
@click.pass_context
def test(ctx: click.Context, settings: Settings, as_json: bool) -> None:
    """Send a test alert to every address now. Exits with 1 where one was not reached."""
    with open_store(settings, make=True) as store, outbox_of(store) as outbox:
        found = asyncio.run(_try(settings, outbox, alert_secret_of(store.directory)))
    if as_json:
        say_json(found.trials)
    else:
        for trial in found.trials:
            click.echo(f"{trial.to}: {'delivered' if trial.delivered else trial.error}")
    if not all(trial.delivered for trial in found.trials):
        ctx.exit(FAILED)


@alerts.command()
@with_settings
def secret(settings: Settings) -> None:
    """The secret that signs what webhooks receive: receivers check `X-Farthing-Signature` with it."""
    with open_store(settings, make=True) as store:
        click.echo(alert_secret_of(store.directory))


@contextmanager
def outbox_of(store: Store) -> Iterator[SqliteOutbox]:
    """The alerts of a store, with or without a gateway running on it."""
    outbox = SqliteOutbox(store.path)
    try:
        yield outbox
    finally:
        outbox.close()


def find(outbox: SqliteOutbox, number: int) -> Alert:
    """Raises Said where there is none of this number."""
    found = outbox.find(number) if 0 < number < 2**63 else None
    if found is None:
        raise Said(f"there is no alert {number}; `farthing alerts ls` shows all")
    return found


def _look(store: Store, settings: Settings) -> RuleList:
    stored = store.directory.load()
    budgets = store.budgets(settings)
    facts = SqliteFacts(store.path, now_ms=wall_ms)
    try:
        with outbox_of(store) as outbox:
            watch = Watch(
                watched_of(settings, budgets),
                facts=facts,
                outbox=outbox,
                limits=lambda now_ms: limited(budgets, stored.grants, now_ms),
            )
            return rules_view(watch.watched, watch.look(wall_ms()))
    finally:
        facts.close()


async def _try(settings: Settings, outbox: SqliteOutbox, secret: str) -> TrialList:
    upstream = Pool(limits=Limits(), timeouts=Timeouts())
    courier = courier_for(targets_of(settings), outbox, secret, upstream=upstream, clock=wall_ms)
    try:
        return trials_view(await try_addresses(courier, who(), wall_ms()))
    finally:
        courier.close()
        await upstream.close()


def _row(alert: Alert) -> tuple[str, ...]:
    view: AlertView = alert_view(alert)
    delivered = ", ".join(f"{one.to} {one.state}" for one in view.deliveries)
    return str(alert.id), moment(alert.at_ms), alert.rule, alert.subject, view.value, _state(alert), delivered


def _state(alert: Alert) -> str:
    seen = f", acknowledged by {alert.acknowledged_by}" if alert.acknowledged_ms is not None else ""
    return alert.state + seen


def _delivery(one: DeliveryView) -> str:
    tries = f" after {one.attempts} attempts" if one.attempts > 1 else ""
    return f"{one.to}: {one.state}{tries}{f' ({one.error})' if one.error else ''}"


def _now(rule: RuleView) -> str:
    if rule.silent:
        return f"silent: {rule.silent}"
    beyond = [one for one in rule.found if one.breached]
    if beyond:
        return "crossed: " + ", ".join(_reading(one.subject, one.value) for one in beyond)
    if rule.found:
        return "nearest: " + _reading(rule.found[0].subject, rule.found[0].value)
    return "nothing is near"


def _reading(subject: str, value: str | None) -> str:
    return " ".join(part for part in (subject, value or "no data yet") if part)
