"""`farthing prices`: what the price book says of a model, and whether anything in use has no price."""

from collections.abc import Iterable

import click

from farthing.cli.commands import FAILED, Said
from farthing.cli.options import as_json, since, with_settings
from farthing.cli.past import open_past
from farthing.cli.screen import say_json, screen, table
from farthing.config.booked import book_of
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.config.store import path_of
from farthing.domain.money import NANOS_PER_USD, PICOS_PER_USD, usd
from farthing.domain.price import PriceCard, Rates, Unpriced
from farthing.pricing.book import PriceBook

_PER_MILLION = 1_000_000
_APIECE = ("web_search", "request")


@click.group(no_args_is_help=True)
def prices() -> None:
    """The price book: look up a model, check that nothing is unpriced."""


@prices.command()
@click.argument("model", required=False)
@with_settings
@as_json
def ls(settings: Settings, model: str | None, as_json: bool) -> None:
    """What MODEL costs now, `[[prices]]` of the configuration included; without one, the models there are."""
    book = book_of(settings)
    if model is None:
        _list_models(book, as_json)
        return
    provider, slash, rest = model.partition("/")
    hints = (provider,) if slash else ()
    card = book.find(rest or model, *hints, at_ms=wall_ms())
    if isinstance(card, Unpriced):
        raise Said(f"{card.reason}; name its price under [[prices]] in farthing.toml")
    if as_json:
        say_json(_plain(card))
        return
    click.echo(f"{card.provider}/{card.model}, USD per million tokens (book {card.book})")
    head = ("tier", "from input tokens", *(_words(name) for name in _meters(card)))
    screen().print(table(head, _rows(card), right=range(1, len(head))))


@prices.command()
@since("30d")
@with_settings
@as_json
@click.pass_context
def check(ctx: click.Context, settings: Settings, since: int, as_json: bool) -> None:
    """Is there a price for every model that the configuration names and that was called? Exits with 1 where not."""
    book = book_of(settings)
    named = {(p.name, model) for p in settings.providers for model in p.models if not model.endswith("*")}
    missing = sorted((p, m) for p, m in named | _called(settings, since) if _unpriced(book, p, m))
    if as_json:
        say_json(
            {"book": book.hash, "unpriced": [{"provider": provider, "model": model} for provider, model in missing]}
        )
    elif not missing:
        click.echo(f"every model in use has a price (book {book.hash})")
    for provider, model in missing if not as_json else ():
        click.echo(f"{provider}/{model}: no price; name it under [[prices]], or hard budgets in dollars refuse it")
    if missing:
        ctx.exit(FAILED)


def _called(settings: Settings, since: int) -> set[tuple[str, str]]:
    path = path_of(settings)
    if path is None or not path.exists():
        return set()
    now = wall_ms()
    with open_past(settings, reads=(now - since, now + 1)) as past:
        rows = past.history.usage(by=("provider", "model"), since_ms=now - since, until_ms=now + 1)
    return {(row.group[0], row.group[1]) for row in rows if row.attempts}


def _unpriced(book: PriceBook, provider: str, model: str) -> bool:
    return isinstance(book.find(model, provider, at_ms=wall_ms()), Unpriced)


def _list_models(book: PriceBook, as_json: bool) -> None:
    every = [(contract.provider or "", contract.model) for contract in book.contracts]
    every += [(provider.id, model.id) for provider in book.providers for model in provider.models]
    if as_json:
        say_json({"book": book.hash, "models": [{"provider": provider, "model": model} for provider, model in every]})
        return
    for provider, model in every:
        click.echo(f"{provider}/{model}" if provider else model)


def _meters(card: PriceCard) -> list[str]:
    every = [tier.rates for tiers in card.variants.values() for tier in tiers]
    return [name for name in Rates.__struct_fields__ if any(getattr(rates, name) is not None for rates in every)]


def _rows(card: PriceCard) -> Iterable[tuple[str, ...]]:
    for variant, tiers in card.variants.items():
        for tier in tiers:
            amounts = [_amount(name, getattr(tier.rates, name)) for name in _meters(card)]
            yield (variant or "standard", f"{tier.above:,}" if tier.above else "", *amounts)


def _amount(name: str, picos: int | None) -> str:
    """Dollars per million tokens, or apiece."""
    if picos is None:
        return ""
    count = 1 if name in _APIECE else _PER_MILLION
    return usd(picos * count * NANOS_PER_USD // PICOS_PER_USD)


def _words(meter: str) -> str:
    return meter.replace("_", " ") + (" (each)" if meter in _APIECE else "")


def _plain(card: PriceCard) -> dict[str, object]:
    tiers = [
        {
            "tier": variant or "standard",
            "above_input_tokens": tier.above,
            "picos_per_token": {name: getattr(tier.rates, name) for name in _meters(card)},
        }
        for variant, rows in card.variants.items()
        for tier in rows
    ]
    return {"provider": card.provider, "model": card.model, "book": card.book, "tiers": tiers}
