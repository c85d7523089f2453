"""The most an attempt can cost, as a line over its output cap: what is held before anything is sent.

Soundness (I22): whatever usage comes back within the bounds that are given here, `cost` of it is at most
`base_picos + slope_picos * cap`, or unpriced. So every rate that may apply is taken at its highest: over the service
tiers that may be served, over the long-context tiers that the input may reach, and over the kinds an input token may
turn out to be. A cached price enters only where it is the higher one.

The highest rates of a card are the same for every input that reaches no long-context tier, so those are remembered.
"""

import msgspec

from farthing.domain.price import PriceCard, Rates, Tier, Unpriced
from farthing.pricing.cost import NEVER_DEARER

AUTO = "auto"
"""The service tier of a body that lets the provider choose: every tier of the card except `batch`, which is another API."""

REMEMBERED = 1_024
"""Cards, times what calls ask of them, whose highest rates are remembered."""


class Bound(msgspec.Struct, frozen=True, gc=False):
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
    """The dearest this request can become on this card.

    `input_tokens` bounds the input, cached or not; `cache_ttl` is the longest write the body asks for ("", `5m`, `1h`);
    `writes_unasked` says that the provider bills writes by itself; `tiers` are the service tiers
    that may be billed (standard always may); `predicted_tokens` are rejected predictions, all choices together.
    Unpriced where something that the body asks for has no price.
    """
    asks = (cache_ttl, writes_unasked, tiers, searches, audio_input, audio_output)
    return worst_for(card, asks, input_tokens, choices, predicted_tokens)


Asks = tuple[str, bool, tuple[str, ...], int, bool, bool]
"""`cache_ttl`, `writes_unasked`, `tiers`, `searches`, `audio_input` and `audio_output` of `worst`."""


def worst_for(card: PriceCard, asks: Asks, input_tokens: int, choices: int, predicted_tokens: int) -> Bound | Unpriced:
    """As `worst`."""
    most = _known.get((id(card), asks))
    if most is None or most.card is not card or input_tokens >= most.short:
        found = _highest(card, input_tokens, *asks)
        if isinstance(found, Unpriced):
            return found
        most = found
        if input_tokens < most.short:
            _remember(most, asks)
    return most.bound(input_tokens, choices, predicted_tokens)


def highest_for(card: PriceCard, asks: Asks) -> "Highest | Unpriced":
    """The highest rates for requests that ask this and have fewer than `short` input tokens."""
    return _highest(card, 0, *asks)


class Highest(msgspec.Struct, frozen=True):
    """The highest rates that may apply to a request, in pico-dollars."""

    card: PriceCard
    """Whose rates they are. While it is kept here, no other card can have its id."""
    input: int
    output: int
    base: int
    """For the request itself and its searches."""
    short: int
    """Inputs below this many tokens reach no long-context tier."""

    def bound(self, input_tokens: int, choices: int, predicted_tokens: int) -> Bound:
        """What `worst` says at these rates."""
        each = self.output
        return Bound(self.base + input_tokens * self.input + predicted_tokens * each, choices * each)


_known: dict[tuple[int, Asks], Highest] = {}
"""By the identity of the card, for inputs that are `short`. Cards never change."""


def _remember(most: Highest, asks: Asks) -> None:
    if len(_known) >= REMEMBERED:
        _known.clear()
    _known[id(most.card), asks] = most


def _highest(
    card: PriceCard,
    input_tokens: int,
    cache_ttl: str,
    writes_unasked: bool,  # noqa: FBT001 - in the order of Asks
    tiers: tuple[str, ...],
    searches: int,
    audio_input: bool,  # noqa: FBT001
    audio_output: bool,  # noqa: FBT001
) -> Highest | Unpriced:
    every = _billable(card, tiers)
    if isinstance(every, Unpriced):
        return every
    each_input = each_output = base = 0
    for rates in (tier.rates for tier in every if _may_reach(tier, input_tokens)):
        written = _written(card, rates, cache_ttl, writes_unasked=writes_unasked)
        if isinstance(written, Unpriced):
            return written
        if searches and rates.web_search is None:
            return Unpriced(f"{card.model} has no price for web searches")
        heard = max(rates.audio_input or 0, rates.cached_audio_input or 0) if audio_input else 0
        each_input = max(each_input, rates.input, rates.cache_read or 0, written, heard)
        each_output = max(each_output, rates.output, (rates.audio_output or 0) if audio_output else 0)
        base = max(base, searches * (rates.web_search or 0) + (rates.request or 0))
    short = min((tier.above for tier in every if tier.above), default=_NEVER)
    return Highest(card, each_input, each_output, base, short)


_NEVER = 1 << 62
"""More tokens than any input has: the threshold of a card without long-context tiers."""


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


def _billable(card: PriceCard, tiers: tuple[str, ...]) -> list[Tier] | Unpriced:
    """All long-context tiers of every service tier that may be served."""
    names = {"", *tiers}
    if AUTO in names:
        names = (names | card.variants.keys()) - {AUTO, "batch"}
    found: list[Tier] = []
    for name in names:
        variant = card.variants.get(name)
        if variant is None and name not in NEVER_DEARER:
            return Unpriced(f"{card.model} has no known price in the service tier {name!r}")
        found += variant or ()
    return found


def _may_reach(tier: Tier, input_tokens: int) -> bool:
    return input_tokens > tier.above or tier.above == 0 or (tier.inclusive and input_tokens == tier.above)
