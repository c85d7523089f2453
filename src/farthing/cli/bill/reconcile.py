"""`farthing bill reconcile`: a provider's own figures beside ours, and what a difference means."""

from pathlib import Path

import click

from farthing.billing.decimals import usd_of
from farthing.billing.export_file import read_export
from farthing.billing.reconcile import Compared, Difference, Reconciliation, reconcile, recorded
from farthing.billing.reconcile_views import reconciliation_view
from farthing.cli.bill.books import month_option, open_books
from farthing.cli.commands import FAILED, Said
from farthing.cli.options import as_json, with_settings
from farthing.cli.screen import dollars, say_json, screen, table
from farthing.cli.summing import no_sum
from farthing.config.settings import Settings
from farthing.domain.errors import BadRequest


@click.command("reconcile")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--provider", required=True, help="The provider's name in the configuration, like openai.")
@month_option("last")
@as_json
@with_settings
@no_sum
def reconcile_file(settings: Settings, file: Path, provider: str, month: str, as_json: bool) -> None:
    """Compare with a provider's usage export or costs.

    By model: requests, tokens and money. FILE is what the provider's usage or cost API answers (JSON), what its console saves (CSV), or a table with the columns
    model, requests, input_tokens, cache_read_input_tokens, cache_write_input_tokens, output_tokens, web_searches, cost_usd
    and day. Exit code 1: something does not agree.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise Said(f"{file} cannot be read ({error.strerror}); name the export that you saved") from error
    form = next((each.format for each in settings.providers if each.name == provider), provider)
    try:
        export = read_export(raw, form, month)
    except BadRequest as error:
        raise Said(f"{file}: {error.message}") from error
    with open_books(settings) as opened:
        ours = recorded(opened.past.history, provider, month)
    found = reconcile(month, provider, export, ours)
    if as_json:
        say_json(reconciliation_view(found))
    else:
        _show(found)
    if not found.agrees:
        raise click.exceptions.Exit(FAILED)


def _show(found: Reconciliation) -> None:
    click.echo(f"{found.provider}, {found.month}: {found.shape}, {found.records:,} records")
    if not found.models:
        click.echo("nothing there and nothing here")
    for compared in found.models:
        _model(compared)
    if found.open_attempts:
        click.echo(
            f"{found.open_attempts:,} attempts here have no known outcome: settle them first, then compare again"
        )
    if found.estimated_nanos:
        click.echo(f"{dollars(found.estimated_nanos)} here are estimates: those calls' usage was never reported to us")
    beside = ((found.tools_nanos, "paid tools"), (found.other_nanos, "other costs beside models"))
    left_out = [f"{dollars(nanos)} {words}" for nanos, words in beside if nanos]
    if left_out:
        click.echo(f"left out, for no provider of models bills it: {', '.join(left_out)}")


def _model(compared: Compared) -> None:
    click.echo(f"\n{compared.model or 'all models'}: {compared.verdict}")
    click.echo(f"  {compared.words}")
    head = ("", "here", "there", "off")
    rows = [_figure(each) for each in compared.figures if each.ours or each.theirs]
    if rows:
        screen().print(table(head, rows, right=(1, 2, 3)))


def _figure(each: Difference) -> tuple[str, ...]:
    off = f"{float(each.share):.1%}"
    if each.name == "cost":
        return each.name, f"${usd_of(each.ours)}", f"${usd_of(each.theirs)}", off
    return each.name, f"{each.ours:,}", f"{each.theirs:,}", off
