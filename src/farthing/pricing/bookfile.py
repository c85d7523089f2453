"""The format of `data/prices.json`: what the build step writes and the price book reads.

One model a line. Amounts are whole pico-dollars per token (web searches: per search; requests: per request). A tier is
`[threshold, inclusive, [rates]]` with the rates in the order of `METERS`, trailing unknowns left out.
"""

from hashlib import sha256
from importlib import resources

import msgspec

from farthing.domain.price import Rates, Tier
from farthing.pricing.rules import Rule

FORMAT = 1
METERS = (
    "input",
    "output",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "audio_input",
    "cached_audio_input",
    "audio_output",
    "web_search",
    "request",
)

TierRow = tuple[int, bool, tuple[int | None, ...]]
Variants = dict[str, tuple[TierRow, ...]]
"""Tiers by service tier; `""` is standard."""


class Daily(msgspec.Struct, frozen=True):
    """Prices for some hours of every day, in milliseconds since midnight UTC. `until` before `since` runs over midnight."""

    since: int
    until: int
    prices: Variants

    def holds(self, time_of_day: int) -> bool:
        if self.until < self.since:
            return time_of_day >= self.since or time_of_day < self.until
        return self.since <= time_of_day < self.until


class Period(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a model costs from one moment until the next period of its list."""

    since: int = 0
    """Milliseconds since 1970, UTC."""
    prices: Variants = {}
    daily: tuple[Daily, ...] = ()
    """The first that holds wins over `prices`."""
    unpriced: str = ""
    """Why there is no price, where there is none: `is billed by output_image_mtok, which is not metered`."""


class Model(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model of one provider. Periods rise by `since`; the first holds from the beginning of time."""

    id: str
    match: Rule
    context: int | None = None
    periods: tuple[Period, ...]

    @property
    def writes_cache(self) -> bool:
        """Some price for cache writes is known, at any time."""
        return any(_prices_writes(rates) for rates in self._rates())

    @property
    def has_output(self) -> bool:
        """Output is billed, at any time. Embeddings have none."""
        return any(rates[1] for rates in self._rates())

    @property
    def highest_threshold(self) -> int:
        """The input at which the last long-context tier begins, 0 without one: some call bills more input than that."""
        return max((above for above, _, _ in self._tiers()), default=0)

    def _rates(self) -> list[tuple[int | None, ...]]:
        return [rates for _, _, rates in self._tiers()]

    def _tiers(self) -> list[TierRow]:
        every = [prices for period in self.periods for prices in (period.prices, *(d.prices for d in period.daily))]
        return [tier for prices in every for tiers in prices.values() for tier in tiers]


def _prices_writes(rates: tuple[int | None, ...]) -> bool:
    return any(rate is not None for rate in rates[3:5])


class Provider(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One seller of models. `fallback` names providers whose models it sells at their prices."""

    id: str
    names: Rule | None = None
    """Which names of a provider mean this one."""
    owns: Rule | None = None
    """Which models are this provider's own, when nobody named a provider."""
    fallback: tuple[str, ...] = ()
    models: tuple[Model, ...] = ()


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    format: int
    source: str
    """`genai-prices 0.2.3`."""
    hash: str
    """SHA-256 of `content(providers)`, in hex."""
    providers: tuple[Provider, ...]


def content(providers: tuple[Provider, ...]) -> bytes:
    """What the hash is over: the providers as compact JSON in their own order."""
    return msgspec.json.encode(providers)


def digest(providers: tuple[Provider, ...]) -> str:
    return sha256(content(providers)).hexdigest()


def packaged(name: str) -> bytes:
    """The bytes of a file in `data/`. Reads the disk, so call it while starting, never on a call's way."""
    return resources.files("farthing.pricing").joinpath("data", name).read_bytes()


def tiers_of(rows: tuple[TierRow, ...]) -> tuple[Tier, ...]:
    """Rows of the file as tiers of a price card."""
    return tuple(Tier(above, inclusive, rates_of(rates)) for above, inclusive, rates in rows)


def rates_of(amounts: tuple[int | None, ...]) -> Rates:
    """Amounts in the order of `METERS` as rates."""
    others = dict(zip(METERS[2:], amounts[2:], strict=False))
    return Rates(input=amounts[0] or 0, output=amounts[1] or 0, **others)
