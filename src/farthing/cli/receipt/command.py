"""`farthing receipt`: what one call asked, what was done, and what it cost, line by line to the nano-dollar."""

from collections.abc import Iterable

import click

from farthing.accounts.receipt import Receipt
from farthing.accounts.receipt import receipt as receipt_of
from farthing.accounts.receipt_view import view
from farthing.accounts.run_receipt import RunReceipt, run_receipt
from farthing.cli.commands import Said
from farthing.cli.options import Store, as_json, open_store, with_settings
from farthing.cli.receipt.text import text
from farthing.cli.screen import say_json
from farthing.config.booked import book_of
from farthing.config.settings import Settings
from farthing.domain.ids import read
from farthing.ports.history import CardOf
from farthing.ports.records import CallRecord
from farthing.pricing.finder import card_finder
from farthing.stores.sqlite.outcomes import SqliteOutcomes


@click.command()
@click.argument("call")
@with_settings
@as_json
def receipt(settings: Settings, call: str, as_json: bool) -> None:
    """The whole account of one call.

    CALL is the id in the answer's header `x-farthing-call-id`.
    """
    with open_store(settings) as store:
        found = receipt_of(find_call(store, call), cards(settings))
    if as_json:
        say_json(view(found))
    else:
        click.echo(text(found), nl=False)


def find_call(store: Store, shown: str) -> CallRecord:
    """The record of a call by the id that people see. Raises Said where there is none."""
    try:
        number = read("call", shown)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    found = store.records.call(number)
    if found is None:
        raise Said(f"there is no call {shown} in {store.path}; `farthing calls ls` shows the newest")
    return found


def cards(settings: Settings) -> CardOf:
    """What the present book, with the configuration's own prices, says of an attempt's model at its moment."""
    book = book_of(settings)
    return card_finder(book, {provider.name: provider.format for provider in settings.providers})


def receipt_of_run(store: Store, settings: Settings, run: str, calls: int) -> RunReceipt:
    """The receipt of the newest `calls` calls of a run, with what somebody said of it."""
    newest = store.records.recent(limit=calls, run=run) if calls else ()
    outcomes = SqliteOutcomes(store.path)
    try:
        outcome, others = outcomes.of(run)
    finally:
        outcomes.close()
    records = (store.records.call(each.id) for each in newest)
    return run_receipt(receipts_of(records, cards(settings)), outcome, others)


def receipts_of(records: Iterable[CallRecord | None], card_of: CardOf) -> tuple[Receipt, ...]:
    """Receipts of many calls."""
    return tuple(receipt_of(record, card_of) for record in records if record is not None)
