"""Prices: pico-dollars per token, as one immutable card per model. How they are found and summed is `pricing`."""

import msgspec


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """What each kind of token costs, in pico-dollars (1e-12 USD) apiece. None means: this kind has no known price."""

    input: int
    output: int
    """0 beside a priced input: the model has no output (embeddings), so output tokens would have no known price."""
    cache_read: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    audio_input: int | None = None
    cached_audio_input: int | None = None
    audio_output: int | None = None
    web_search: int | None = None
    """Pico-dollars per search, not per token."""
    request: int | None = None
    """Pico-dollars per attempt, whatever its tokens; None where there is no such fee."""


class Tier(msgspec.Struct, frozen=True):
    """Rates that hold for the WHOLE request once its input is long enough."""

    above: int
    """The threshold in input tokens; the first tier of a list has 0 and always holds."""
    inclusive: bool
    """True where the vendor says `>=`, False where it says `>`."""
    rates: Rates


class PriceCard(msgspec.Struct, frozen=True):
    """Everything one model can cost at one moment. Pinned when money is reserved and used again to settle."""

    provider: str
    model: str
    """The model's name in the price book, which may be shorter than the name that was asked for."""
    variants: dict[str, tuple[Tier, ...]]
    """Tiers by service tier: `""` is standard; others are `batch`, `flex`, `priority`. Tiers rise by threshold."""
    book: str
    """The hash of the price book this card is from; it stands in every record."""


class Cost(msgspec.Struct, frozen=True, gc=False):
    """What one attempt cost. `nanos * 1000 == picos + remainder_picos`."""

    nanos: int
    picos: int

    @property
    def remainder_picos(self) -> int:
        """What rounding up to whole nano-dollars added, in pico-dollars (0 to 999)."""
        return self.nanos * 1_000 - self.picos


class Unpriced(msgspec.Struct, frozen=True):
    """No price is known: a state, never zero. `reason` names the model or the kind of token."""

    reason: str
