"""Prices: what the models in use cost now, which of them nobody knows the price of, and which prices changed."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import msgspec

from farthing.config.engine import Engine
from farthing.dashboard.charts import DAY_MS
from farthing.dashboard.visit import Answer, Visit
from farthing.domain.price import PriceCard, Rates, Unpriced
from farthing.ports.records import UsageRow
from farthing.pricing.book import PriceBook
from farthing.pricing.bookfile import Period, tiers_of

SEEN_DAYS = 90
MOST_ROWS = 200


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """A model in use."""

    provider: str
    model: str
    calls: int
    nanos: int
    rates: Rates | None
    """Its standard rates for short input; None where nobody knows."""
    why_not: str
    ours: bool
    """By a `[[prices]]` entry of the configuration."""
    tiers: int
    """How many sets of rates it has beside that one: service tiers and long input."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A standard price that changed while the book knows it, in pico-dollars apiece."""

    model: str
    since_ms: int
    meter: str
    before: int | None
    after: int | None


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the page."""

    book: str
    models: int
    """In the book."""
    rows: tuple[Priced, ...]
    unknown: tuple[Priced, ...]
    changes: tuple[Change, ...]
    contracts: tuple[Priced, ...]
    found: PriceCard | Unpriced | None
    asked_for: str


async def show(visit: Visit) -> Answer:
    """The page; `?model=` looks one up."""
    await visit.engine.ledger.flush()
    sheet = await visit.read(partial(_read, visit.engine, visit.now_ms, visit.query.first("model").strip()[:200]))
    return await visit.page("prices.html", sheet=sheet, days=SEEN_DAYS)


def _read(engine: Engine, now_ms: int, asked_for: str) -> Sheet:
    book, formats = engine.rules.book, {provider.name: provider.format for provider in engine.rules.providers}
    rows = engine.history.usage(by=("provider", "model"), since_ms=now_ms - SEEN_DAYS * DAY_MS, until_ms=now_ms + 1)
    seen = [_priced(book, row, formats.get(row.group[0], ""), now_ms) for row in rows if row.group[1]]
    seen.sort(key=lambda each: (-each.nanos, each.model))
    unknown = tuple(each for each in seen if each.rates is None)
    return Sheet(
        book=book.hash,
        models=sum(len(provider.models) for provider in book.providers),
        rows=tuple(each for each in seen if each.rates is not None)[:MOST_ROWS],
        unknown=unknown[:MOST_ROWS],
        changes=tuple(sorted(_changes(book, seen, formats), key=lambda each: -each.since_ms)),
        contracts=tuple(_contract(book, index) for index in range(len(book.contracts))),
        found=_look_up(book, asked_for, formats, now_ms) if asked_for else None,
        asked_for=asked_for,
    )


def _look_up(book: PriceBook, name: str, formats: dict[str, str], now_ms: int) -> PriceCard | Unpriced:
    """`provider/model`, or the model alone."""
    provider, slash, model = name.partition("/")
    hints = tuple(filter(None, (provider, formats.get(provider, "")))) if slash else ()
    return book.find(model or name, *hints, at_ms=now_ms)


def _priced(book: PriceBook, row: UsageRow, format: str, now_ms: int) -> Priced:
    provider, model = row.group
    card = book.find(model, *filter(None, (provider, format)), at_ms=now_ms)
    known = isinstance(card, PriceCard)
    return Priced(
        provider=provider,
        model=model,
        calls=row.calls,
        nanos=row.cost_nanos,
        rates=card.variants[""][0].rates if isinstance(card, PriceCard) else None,
        why_not=card.reason if isinstance(card, Unpriced) else "",
        ours=known and any(contract.covers(model.lower(), (provider, format)) for contract in book.contracts),
        tiers=sum(map(len, card.variants.values())) - 1 if isinstance(card, PriceCard) else 0,
    )


def _contract(book: PriceBook, index: int) -> Priced:
    contract = book.contracts[index]
    return Priced(
        provider=contract.provider,
        model=contract.model,
        calls=0,
        nanos=0,
        rates=contract.tiers[0].rates,
        why_not="",
        ours=True,
        tiers=len(contract.tiers) - 1,
    )


def _changes(book: PriceBook, seen: list[Priced], formats: dict[str, str]) -> Iterator[Change]:
    """Of the models in use: every step of the book's own lists."""
    told = set()
    for each in seen:
        known = book.describe(each.model, *filter(None, (each.provider, formats.get(each.provider, ""))))
        if known is None or known[1].id in told or each.ours:
            continue
        told.add(known[1].id)
        periods = [period for period in known[1].periods if "" in period.prices]
        for before, after in pairwise(periods):
            for meter, old, new in _differing(before, after):
                yield Change(model=known[1].id, since_ms=after.since, meter=meter, before=old, after=new)


def _differing(before: Period, after: Period) -> Iterator[tuple[str, int | None, int | None]]:
    old, new = (tiers_of(period.prices[""])[0].rates for period in (before, after))
    for meter in Rates.__struct_fields__:
        if getattr(old, meter) != getattr(new, meter):
            yield meter, getattr(old, meter), getattr(new, meter)
