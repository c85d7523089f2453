"""The price book and random usages for tests about money: every card of the catalogue, and usage that a card can bill."""

from collections.abc import Iterator
from functools import cache
from random import Random

from farthing.domain.price import PriceCard, Rates
from farthing.domain.usage import Usage
from farthing.pricing.book import PriceBook, _card

NOW = 1_795_305_600_000
"""2026-11-22, a moment after which the compiled book knows of changes, and before which too."""
MOMENTS = (NOW, 1_767_225_600_000, 1_775_000_000_000 + 3_600_000 * 17, 1_800_000_000_000)


@cache
def book() -> PriceBook:
    return PriceBook.load()


@cache
def cards(at_ms: int = NOW) -> tuple[PriceCard, ...]:
    """The card of every priced model of the catalogue at a moment."""
    found = (_card(p.id, m, at_ms, book().hash)[2] for p in book().providers for m in p.models)
    return tuple(card for card in found if isinstance(card, PriceCard))


def card(model: str, provider: str = "", at_ms: int = NOW) -> PriceCard:
    found = book().find(model, *([provider] if provider else []), at_ms=at_ms)
    assert isinstance(found, PriceCard), found
    return found


def one_card(**rates: int) -> PriceCard:
    """A card with one tier of these rates in pico-dollars."""
    return card_of(Rates(**rates))


def card_of(rates: Rates, **variants: Rates) -> PriceCard:
    from farthing.domain.price import Tier

    every = {"": rates, **variants}
    return PriceCard("someone", "a-model", {name: (Tier(0, False, each),) for name, each in every.items()}, "book")


def thresholds(of: PriceCard) -> list[int]:
    return sorted({tier.above for tiers in of.variants.values() for tier in tiers})


def bits(of: PriceCard) -> Rates:
    """The standard rates of a card."""
    return of.variants[""][0].rates


def usage_for(rates: Rates, random: Random, *, most_input: int, most_output: int, audio: bool = True) -> Usage:
    """A usage whose every meter this card has a price for, with at most so many tokens."""
    total = random.choice((random.randint(0, most_input), most_input))
    written = random.randint(0, total) if rates.cache_write_5m is not None else 0
    an_hour = random.choice((0, written, random.randint(0, written))) if rates.cache_write_1h is not None else 0
    read = random.randint(0, total - written)
    heard = heard_before = spoken = 0
    output = random.choice((random.randint(0, most_output), most_output)) if rates.output or not rates.input else 0
    if audio and random.random() < 0.3:
        heard_before = random.randint(0, read)
        heard = heard_before + random.randint(0, total - written - read)
        spoken = random.randint(0, output)
    return Usage(
        input_tokens=total,
        output_tokens=output,
        cache_read_input_tokens=read,
        cache_write_input_tokens=written,
        cache_write_1h_input_tokens=an_hour,
        reasoning_output_tokens=random.randint(0, output - spoken),
        audio_input_tokens=heard,
        cached_audio_input_tokens=heard_before,
        audio_output_tokens=spoken,
        web_search_requests=random.randint(0, 3) if rates.web_search is not None else 0,
    )


def every_tier() -> Iterator[tuple[PriceCard, str, Rates]]:
    """Every card, service tier and long-context tier of the catalogue now."""
    for each in cards():
        for name, tiers in each.variants.items():
            for tier in tiers:
                yield each, name, tier.rates
