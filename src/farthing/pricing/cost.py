"""What an attempt cost: usage times price, summed in pico-dollars, rounded up to nano-dollars once.

Every token is billed by exactly one meter: the parts of `Usage` are taken out of their totals first. A kind of token
that has no price of its own is billed as the kind it is part of, as the source of the book means it: cached tokens and
audio as plain input, spoken output as output. Two kinds are not, because they cost more than the kind they are part of
wherever they cost anything: tokens written to a cache without a price for writes, and searches. Those are unpriced.
"""

from typing import NamedTuple

from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.price import Cost, PriceCard, Rates, Tier, Unpriced
from farthing.domain.usage import Usage

NEVER_DEARER = ("batch", "flex", "default", "standard")
"""Service tiers that cost the standard price where a card has none of their own: it is the most they can cost."""


class Line(NamedTuple):
    """One line of a receipt. `picos` is `tokens * picos_each`; searches and requests count as one apiece."""

    kind: str
    tokens: int
    picos_each: int
    picos: int


def cost(card: PriceCard, usage: Usage, tier: str = "") -> Cost | Unpriced:
    """What `usage` costs on this card when `tier` is the service tier that was served ("" is standard).

    The rates of a long-context tier hold for the whole request. Unpriced, with the reason, where a meter has tokens but
    no price, the service tier is one whose price nobody knows, or the usage is impossible.
    """
    tiers = card.variants.get(tier)
    if tiers is None:
        tiers = card.variants[""]
        if tier not in NEVER_DEARER:
            return Unpriced(f"{card.model} has no known price in the service tier {tier!r}")
    input_tokens, read, written = usage.input_tokens, usage.cache_read_input_tokens, usage.cache_write_input_tokens
    rates = tiers[0].rates if len(tiers) == 1 else reached(tiers, input_tokens).rates
    if usage.audio_input_tokens or usage.audio_output_tokens or usage.web_search_requests or rates.request is not None:
        return _cost_of_many(card, rates, usage)
    fresh, output = input_tokens - read - written, usage.output_tokens
    if fresh < 0 or read < 0 or written < 0 or output < 0:
        return _impossible(usage)
    if output and not rates.output and rates.input:
        return _no_output(card)
    cached = rates.cache_read
    picos = fresh * rates.input + output * rates.output + read * (rates.input if cached is None else cached)
    if written:
        an_hour, five, hour = usage.cache_write_1h_input_tokens, rates.cache_write_5m, rates.cache_write_1h
        if five is None or (an_hour and (hour is None or not 0 < an_hour <= written)):
            return _cost_of_many(card, rates, usage)
        picos += (written - an_hour) * five + an_hour * (hour or 0)
    return Cost(-(-picos // PICOS_PER_NANO), picos)


def lines(card: PriceCard, usage: Usage, tier: str = "") -> tuple[Line, ...] | Unpriced:
    """The receipt of `cost`: every meter with tokens, and what rounding up added. Sums to the cost exactly."""
    total = cost(card, usage, tier)
    if isinstance(total, Unpriced):
        return total
    rates = reached(card.variants.get(tier) or card.variants[""], usage.input_tokens).rates
    billed = _meters(card, rates, usage)
    assert not isinstance(billed, Unpriced)
    shown = [Line(kind, tokens, each, tokens * each) for kind, tokens, each in billed if tokens]
    if total.remainder_picos:
        shown.append(Line("rounding", 1, total.remainder_picos, total.remainder_picos))
    return tuple(shown)


def reached(tiers: tuple[Tier, ...], input_tokens: int) -> Tier:
    """The long-context tier that the whole request falls into: `>` or `>=` its threshold, as the vendor says."""
    for tier in reversed(tiers):
        if input_tokens > tier.above or (tier.inclusive and input_tokens == tier.above):
            return tier
    return tiers[0]


def _cost_of_many(card: PriceCard, rates: Rates, usage: Usage) -> Cost | Unpriced:
    if usage.flaw():
        return _impossible(usage)
    billed = _meters(card, rates, usage)
    if isinstance(billed, Unpriced):
        return billed
    picos = sum(tokens * each for _, tokens, each in billed)
    return Cost(-(-picos // PICOS_PER_NANO), picos)


def _meters(card: PriceCard, rates: Rates, usage: Usage) -> list[tuple[str, int, int]] | Unpriced:
    """(kind, count, pico-dollars each) of every meter; each token stands in exactly one."""
    read, written = usage.cache_read_input_tokens, usage.cache_write_input_tokens
    heard, heard_before = usage.audio_input_tokens, usage.cached_audio_input_tokens
    fresh = usage.input_tokens - read - written - (heard - heard_before)
    if fresh < 0:
        return Unpriced("audio tokens were also written to the cache, and nothing says at what price")
    if usage.output_tokens and not rates.output and rates.input:
        return _no_output(card)
    an_hour, each_1h = usage.cache_write_1h_input_tokens, rates.cache_write_1h
    each_5m, each_search = rates.cache_write_5m, rates.web_search
    if an_hour and each_1h is None:
        return Unpriced(f"{card.model} has no price for one-hour cache writes")
    if written > an_hour and each_5m is None:
        return Unpriced(f"{card.model} has no price for cache writes")
    if usage.web_search_requests and each_search is None:
        return Unpriced(f"{card.model} has no price for web searches")
    return meters(rates, usage)


def meters(rates: Rates, usage: Usage, attempts: int = 1) -> list[tuple[str, int, int]]:
    """(kind, count, pico-dollars each) of every meter, where these rates have a price for all of the usage; each token
    stands in exactly one. Also of the sum of so many attempts at the same rates."""
    read, written = usage.cache_read_input_tokens, usage.cache_write_input_tokens
    heard, heard_before = usage.audio_input_tokens, usage.cached_audio_input_tokens
    an_hour, spoken = usage.cache_write_1h_input_tokens, usage.audio_output_tokens
    fresh = usage.input_tokens - read - written - (heard - heard_before)
    each_read = _or(rates.cache_read, rates.input)
    each_heard = _or(rates.audio_input, rates.input)
    each_heard_before = _or(rates.cached_audio_input, each_read if rates.audio_input is None else each_heard)
    return [
        ("input", fresh, rates.input),
        ("cache_read", read - heard_before, each_read),
        ("cache_write_5m", written - an_hour, rates.cache_write_5m or 0),
        ("cache_write_1h", an_hour, rates.cache_write_1h or 0),
        ("audio_input", heard - heard_before, each_heard),
        ("cached_audio_input", heard_before, each_heard_before),
        ("output", usage.output_tokens - spoken, rates.output),
        ("audio_output", spoken, _or(rates.audio_output, rates.output)),
        ("web_search", usage.web_search_requests, rates.web_search or 0),
        ("request", attempts if rates.request is not None else 0, rates.request or 0),
    ]


def _or(rate: int | None, otherwise: int) -> int:
    return otherwise if rate is None else rate


def _no_output(card: PriceCard) -> Unpriced:
    return Unpriced(f"{card.model} has no price for output")


def _impossible(usage: Usage) -> Unpriced:
    return Unpriced(usage.flaw() or "the usage is impossible")
