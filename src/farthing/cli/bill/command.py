"""`farthing bill`: what each month cost whom; exports, statements, closing a month, and the provider's own figures."""

import click

from farthing.billing.decimals import nanos_of
from farthing.billing.period_views import PeriodView, period_view, periods_view
from farthing.cli.bill.books import a_month, open_books
from farthing.cli.commands import Commands, Said
from farthing.cli.options import as_json, who, with_settings
from farthing.cli.screen import dollars, say_json, screen, table
from farthing.cli.summing import no_sum
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.errors import BadRequest

TABLE = {
    "ls": ("farthing.cli.bill.command:ls", "Months: what was told of closed ones, how the open one stands."),
    "statement": (
        "farthing.cli.bill.statement:statement",
        "What each team pays for a month: its own costs, its part of shared ones, corrections.",
    ),
    "export": (
        "farthing.cli.bill.export:export",
        "A month as FOCUS rows: one for each day, set of labels, model and meter.",
    ),
    "close": (
        "farthing.cli.bill.command:close",
        "Tell a month for good: later changes become corrections of the open month.",
    ),
    "reconcile": ("farthing.cli.bill.reconcile:reconcile_file", "Compare with a provider's usage export or costs."),
}


@click.group(cls=Commands, table=TABLE, no_args_is_help=True)
def bill() -> None:
    """What each month cost whom: statements, FOCUS, closing a month, reconciliation.

    Months are those of UTC, by when calls arrived and other costs were booked. A month that was closed stays as it was
    told; what becomes known later is a correction in the open month.
    """


@click.command()
@as_json
@with_settings
@no_sum
def ls(settings: Settings, as_json: bool) -> None:
    """Months: what was told of closed ones, how the open one stands."""
    with open_books(settings) as opened:
        found = periods_view(opened.books, wall_ms())
    if as_json:
        say_json(found)
        return
    head = ("month", "", "lines", "corrections", "beside models", "total", "closed by", "digest")
    now = found.open
    rows = [_closed_row(period) for period in found.closed]
    rows.append((now.month, "open", f"{now.lines:,}", "", _some(now.other_usd), f"${now.total_usd}", "", ""))
    screen().print(table(head, rows, right=(2, 3, 4, 5)))
    if now.open_attempts:
        click.echo(f"{now.open_attempts:,} attempts of {now.month} are open: their cost is not in it yet")


@click.command()
@click.argument("month", callback=a_month)
@as_json
@with_settings
@no_sum
def close(settings: Settings, month: str, as_json: bool) -> None:
    """Tell a month for good: later changes become corrections of the open month.

    Months are closed one after the other, from the first with charges, when they are over (UTC).
    """
    with open_books(settings) as opened:
        try:
            period = opened.books.close(month, by=who(), now_ms=wall_ms())
        except BadRequest as error:
            raise Said(error.message) from error
    if as_json:
        say_json(period_view(period))
        return
    click.echo(f"{period.month} is closed: {dollars(nanos_of(period.picos))} in {period.lines:,} lines")
    if period.corrections_picos:
        click.echo(f"  of it {dollars(nanos_of(period.corrections_picos))} correct earlier months")
    if period.other_picos:
        click.echo(f"  of it {dollars(nanos_of(period.other_picos))} are costs beside models")
    click.echo(f"  digest {period.digest}")


def _closed_row(period: PeriodView) -> tuple[str, ...]:
    told = f"{period.by}, {period.closed_at}"
    amounts = _some(period.corrections_usd), _some(period.other_usd), f"${period.total_usd}"
    return period.month, "closed", f"{period.lines:,}", *amounts, told, period.digest[:12]


def _some(usd: str) -> str:
    return f"${usd}" if usd != "0" else ""
