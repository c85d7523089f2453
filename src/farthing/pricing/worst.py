"""The most an attempt can cost, as a line over its output cap: what is held before anything is sent.

Soundness (I22): whatever usage comes back within the bounds that are given here, `cost` of it is at most
`base_picos + slope_picos * cap`, or unpriced. So every rate that may apply is taken at its highest: over the service
tiers that may be served, over the long-context tiers that the input may reach, and over the kinds an input token may
turn out to be. A cached price enters only where it is the higher one.
"""

import msgspec

from farthing.domain.price import PriceCard, Rates, Tier, Unpriced
from farthing.pricing.cost import NEVER_DEARER

AUTO = "auto"
"""The service tier of a body that lets the provider choose: every tier of the card except `batch`, which is another API."""


class Bound(msgspec.Struct, frozen=True):
    """`base_picos + slope_picos * cap`, where `cap` is the output tokens allowed per choice."""

    base_picos: int
    slope_picos: int

    def at(self, cap: int) -> int:
        """The most this can cost with that cap, in pico-dollars."""
        return self.base_picos + self.slope_picos * cap


def worst(  # noqa: PLR0913 - one keyword for each thing a body can ask for that costs money
    card: PriceCard,
    *,
    input_tokens: int,
    cache_ttl: str = "",
    writes_unasked: bool = False,
    tiers: tuple[str, ...] = ("",),
    searches: int = 0,
    choices: int = 1,
    audio_input: bool = False,
    audio_output: bool = False,
    predicted_tokens: int = 0,
) -> Bound | Unpriced:
    """The worst case of one attempt.

    `input_tokens` is the bound of everything billed as input; `cache_ttl` the longest cache write the body asks for
    ("", `5m` or `1h`); `writes_unasked` says that the provider bills writes by itself; `tiers` are the service tiers
    that may be billed (standard always may); `predicted_tokens` are rejected predictions, all choices together.
    Unpriced where something that the body asks for has no price.
    """
    every = _reachable(card, tiers, input_tokens)
    if isinstance(every, Unpriced):
        return every
    each_input = each_output = base = 0
    for rates in every:
        written = _written(card, rates, cache_ttl, writes_unasked=writes_unasked)
        if isinstance(written, Unpriced):
            return written
        if searches and rates.web_search is None:
            return Unpriced(f"{card.model} has no price for web searches")
        heard = max(rates.audio_input or 0, rates.cached_audio_input or 0) if audio_input else 0
        each_input = max(each_input, rates.input, rates.cache_read or 0, written, heard)
        each_output = max(each_output, rates.output, (rates.audio_output or 0) if audio_output else 0)
        base = max(base, searches * (rates.web_search or 0) + (rates.request or 0))
    return Bound(base + input_tokens * each_input + predicted_tokens * each_output, choices * each_output)


def _written(card: PriceCard, rates: Rates, cache_ttl: str, *, writes_unasked: bool) -> int | Unpriced:
    """The highest rate at which tokens may be written to the cache, 0 where none may.

    A provider without any price for writes does not bill them apart, so asking for one costs nothing more; but where
    one time to live has a price and the one that is asked for has none, nobody knows what it will cost.
    """
    if cache_ttl == "1h" and rates.cache_write_1h is None and rates.cache_write_5m is not None:
        return Unpriced(f"{card.model} has no price for one-hour cache writes")
    if cache_ttl == "5m" and rates.cache_write_5m is None and rates.cache_write_1h is not None:
        return Unpriced(f"{card.model} has no price for five-minute cache writes")
    five = rates.cache_write_5m or 0 if cache_ttl or writes_unasked else 0
    hour = rates.cache_write_1h or 0 if cache_ttl == "1h" else 0
    return max(five, hour)


def _reachable(card: PriceCard, tiers: tuple[str, ...], input_tokens: int) -> list[Rates] | Unpriced:
    """The rates of every service tier that may be served and every long-context tier that the input may reach."""
    names = {"", *tiers}
    if AUTO in names:
        names = (names | card.variants.keys()) - {AUTO, "batch"}
    found: list[Rates] = []
    for name in names:
        variant = card.variants.get(name)
        if variant is None and name not in NEVER_DEARER:
            return Unpriced(f"{card.model} has no known price in the service tier {name!r}")
        found += [tier.rates for tier in variant or () if _may_reach(tier, input_tokens)]
    return found


def _may_reach(tier: Tier, input_tokens: int) -> bool:
    return input_tokens > tier.above or tier.above == 0 or (tier.inclusive and input_tokens == tier.above)
