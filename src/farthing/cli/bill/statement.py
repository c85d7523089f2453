"""`farthing bill statement`: what each team pays for a month, in any currency with rates."""

import click

from farthing.billing.export_text import csv_lines
from farthing.billing.month import stamp
from farthing.billing.statement import CORRECTION, SHARED, Item, Statement, statements, total_of
from farthing.billing.statement_views import NOBODY, statement_rows, statement_view
from farthing.cli.bill.books import month_option, open_books
from farthing.cli.commands import Said
from farthing.cli.options import as_json, with_settings
from farthing.cli.screen import money, say_json, screen, table
from farthing.cli.summing import no_sum
from farthing.config.convert import rates_of
from farthing.config.settings import Settings
from farthing.domain.budget import Unit
from farthing.domain.errors import BadRequest


@click.command()
@month_option("last")
@click.option("--team", help="This team's alone.")
@click.option("--currency", help="Like EUR; as [billing] says if not given. Needs [currencies.EUR] rates.")
@click.option("--format", "form", type=click.Choice(("text", "json", "csv")), default="text", show_default=True)
@as_json
@with_settings
@no_sum
def statement(settings: Settings, month: str, team: str | None, currency: str | None, form: str, as_json: bool) -> None:
    """What each team pays for a month: its own costs, its part of shared ones, corrections."""
    unit = None if currency is None else _unit(currency)
    with open_books(settings) as opened:
        bill = opened.books.bill(month)
    try:
        every = statements(bill, rates_of(settings), unit)
    except BadRequest as error:
        raise Said(error.message) from error
    shown = [each for each in every if team is None or (each.team or NOBODY) == team]
    if team is not None and not shown:
        names = ", ".join(each.team or NOBODY for each in every) or "none"
        raise Said(f"{team!r} has nothing to pay for {month}; with charges are: {names}")
    if as_json or form == "json":
        say_json([statement_view(each) for each in shown])
    elif form == "csv":
        for line in csv_lines(statement_rows(shown)):
            click.echo(line, nl=False)
    elif not shown:
        click.echo(f"nothing was spent in {month}")
    else:
        for each in shown:
            _show(each)
        if len(shown) > 1:
            click.echo(f"all {len(shown)} statements: {money(shown[0].unit, total_of(shown))}")


def _show(statement: Statement) -> None:
    terms, unit = statement.terms, statement.unit
    click.echo(f"{terms.issuer}: {terms.team} {statement.team or NOBODY}, {statement.month}, {unit.currency}")
    head = (*terms.names[1:], "model", "requests", "tokens", "amount")
    own = [item for item in statement.items if item.kind not in (SHARED, CORRECTION)]
    rows = [_row(item, unit) for item in sorted(own, key=lambda item: -item.nanos)]
    wide = len(terms.names) - 1
    for kind, words in ((SHARED, f"part of shared costs, by {terms.sharing.by}"), (CORRECTION, "corrections")):
        if any(item.kind == kind for item in statement.items):
            rows.append((words, *[""] * (wide + 2), money(unit, statement.sum_of(kind))))
    made = table(head, rows, right=range(wide + 1, wide + 4))
    made.add_section()
    made.add_row("total", *[""] * (wide + 2), money(unit, statement.total_nanos), style="bold")
    screen().print(made)
    for item in (item for item in statement.items if item.kind == CORRECTION):
        labels = ", ".join(value for value in (*item.labels, _of_what(item)) if value)
        click.echo(f"  corrects {item.month}: {labels} {money(unit, item.nanos)}")
    for note in _notes(statement):
        click.echo(f"  {note}")
    click.echo()


def _notes(statement: Statement) -> list[str]:
    """How far the total is the whole truth."""
    closed = statement.closed
    told = f"closed {stamp(closed.closed_ms)}, digest {closed.digest[:12]}" if closed else "open: it may still change"
    notes = [told]
    if statement.unit is not Unit.USD:
        notes.append(f"{money(Unit.USD, statement.usd_nanos)} at the rate of each day")
    if statement.other_nanos:
        notes.append(f"{money(statement.unit, statement.other_nanos)} of it are costs beside models")
    if statement.unpriced:
        notes.append(f"{statement.unpriced:,} attempts have no known price and are not in it")
    if statement.open_attempts:
        notes.append(f"{statement.open_attempts:,} attempts of all teams are open and not in it yet")
    return notes


def _row(item: Item, unit: Unit) -> tuple[str, ...]:
    labels = tuple(value or "(none)" for value in item.labels)
    counts = ("", "") if item.other else (f"{item.requests:,}", f"{item.tokens:,}")
    return (*labels, _of_what(item), *counts, money(unit, item.nanos))


def _of_what(item: Item) -> str:
    return f"beside models: {item.other}" if item.other else item.model


def _unit(code: str) -> Unit:
    try:
        return Unit(code.lower())
    except ValueError:
        raise click.BadParameter(f"{code!r} is not the code of a currency; write three letters, like EUR") from None
