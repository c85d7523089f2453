"""`farthing approvals`: what calls wait for, and saying yes or no, with or without a gateway running on the store."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from farthing.cli.budgets.words import amount_from
from farthing.cli.commands import Said
from farthing.cli.options import as_json, open_store, who, with_settings
from farthing.cli.screen import amount as worded
from farthing.cli.screen import moment, say_json, screen, table
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.budget import Budget, Unit
from farthing.domain.ids import read, show
from farthing.gateway.admin.approval_views import approval_view
from farthing.ports.approvals import DECLINED, GRANTED, PENDING, PREFIX, Approval, Petition
from farthing.stores.sqlite.approvals import SqliteApprovals

STATES = ("pending", "granted", "declined", "expired")


@click.group(no_args_is_help=True)
def approvals() -> None:
    """What calls wait for people to allow: list, show, approve, decline.

    A budget with `hard = "approve"` asks before it refuses. Calls that wait for the answer go on, or are refused, within
    half a second of it.
    """


@approvals.command()
@click.option("--state", type=click.Choice(STATES), help="Only these; all if not given.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many, the newest first.")
@with_settings
@as_json
def ls(settings: Settings, state: str | None, limit: int, as_json: bool) -> None:
    """What waits for an answer, and what was answered."""
    with opened(settings) as store:
        found = store.recent(limit=limit, now_ms=wall_ms(), state=state or "")
    if as_json:
        say_json([approval_view(approval) for approval in found])
    elif not found:
        click.echo(f"no approval {'is ' + state if state else 'was ever asked for'}")
    else:
        head = ("approval", "asked", "budget", "why", "needs", "for", "state")
        screen().print(table(head, map(_row, found), right=(4,)))


@approvals.command("show")
@click.argument("approval")
@with_settings
@as_json
def show_one(settings: Settings, approval: str, as_json: bool) -> None:
    """One approval: what is asked for, by which call, and what was decided."""
    with opened(settings) as store:
        found = find(store, approval)
    if as_json:
        say_json(approval_view(found))
        return
    for line in _lines(found):
        click.echo(line)


@approvals.command()
@click.argument("approval")
@click.option("--amount", metavar="AMOUNT", help="How much more ('$5', '100000 tokens'); what is needed if not given.")
@click.option("--reason", default="", help="Kept with it.")
@with_settings
@as_json
def approve(settings: Settings, approval: str, amount: str | None, reason: str, as_json: bool) -> None:
    """Say yes: the budget is raised for its present window, and the calls go on."""
    with opened(settings) as store:
        before = find(store, approval)
        more = None if amount is None else _amount(amount, before.petition)
        found = store.grant(before.id, by=who(), reason=reason, amount=more, now_ms=wall_ms())
    _say(found, before, as_json)


@approvals.command()
@click.argument("approval")
@click.option("--reason", default="", help="Kept with it, and told to the callers.")
@with_settings
@as_json
def decline(settings: Settings, approval: str, reason: str, as_json: bool) -> None:
    """Say no: the calls are refused, and nobody is asked the same for an hour."""
    with opened(settings) as store:
        before = find(store, approval)
        found = store.decline(before.id, by=who(), reason=reason, now_ms=wall_ms())
    _say(found, before, as_json)


@contextmanager
def opened(settings: Settings) -> Iterator[SqliteApprovals]:
    """The approvals of the store."""
    with open_store(settings) as store:
        found = SqliteApprovals(store.path)
        try:
            yield found
        finally:
            found.close()


def find(store: SqliteApprovals, shown: str) -> Approval:
    """Raises Said where there is none of this id."""
    try:
        found = store.find(min(read(PREFIX, shown), 2**63 - 1), wall_ms())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if found is None:
        raise Said(f"there is no approval {shown}; `farthing approvals ls` shows all")
    return found


def _amount(text: str, petition: Petition) -> int:
    """In the unit that the approval is about. Raises click.UsageError."""
    unit = petition.account.unit
    money = unit if unit.currency else Unit.USD
    return amount_from(text, Budget(name=petition.budget, limits=((unit, 0),), money=money))[1]


def _say(found: Approval, before: Approval, as_json: bool) -> None:
    if as_json:
        say_json(approval_view(found))
        return
    already = "was already" if before.decided_ms else "is"
    click.echo(f"{show(PREFIX, found.id)} {already} {_verdict(found)}")


def _verdict(approval: Approval) -> str:
    because = f": {approval.reason}" if approval.reason else ""
    match approval.state:
        case "granted":
            unit = approval.petition.account.unit
            more = f", with {worded(unit, approval.amount)} more" if approval.amount else ""
            return f"{GRANTED} by {approval.by}{more}{because}"
        case "declined":
            return f"{DECLINED} by {approval.by}{because}"
        case state:
            return state


def _row(approval: Approval) -> tuple[str, ...]:
    petition = approval.petition
    needs = worded(petition.account.unit, petition.short) if petition.short else ""
    asked = moment(approval.asked_ms)
    return show(PREFIX, approval.id), asked, _whose(petition), petition.why, needs, _caller(petition), approval.state


def _lines(approval: Approval) -> Iterator[str]:
    petition = approval.petition
    unit = petition.account.unit
    limit = "" if petition.limit is None else f" of {worded(unit, petition.limit)}"
    yield f"{show(PREFIX, approval.id)} is {_verdict(approval)}"
    yield f"  budget   {_whose(petition)}, {petition.account.window}: {worded(unit, petition.spent)}{limit} were spent"
    yield f"  why      its {petition.why}" + (
        f": {worded(unit, petition.short)} more are needed" if petition.short else ""
    )
    yield f"  call     {show('call', petition.call)} of {_caller(petition)}: at most {worded(unit, petition.worst)}"
    yield f"  asked    {moment(approval.asked_ms)}; {_ends(approval)}"


def _ends(approval: Approval) -> str:
    if approval.decided_ms:
        return f"decided {moment(approval.decided_ms)}"
    return f"expire{'s' if approval.state == PENDING else 'd'} {moment(approval.expires_ms)}"


def _whose(petition: Petition) -> str:
    value = petition.account.value
    return petition.budget + (f" of {value}" if value else "")


def _caller(petition: Petition) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in petition.labels)
    return " ".join(part for part in (petition.model, petition.key, labels) if part)
