"""What the public price list says of something that was billed at a contract price."""

from collections.abc import Mapping

from farthing.domain.price import PriceCard, Rates, Unpriced
from farthing.pricing.book import PriceBook
from farthing.pricing.cost import reached

_INSTEAD = {"cache_read": "input", "audio_input": "input", "cached_audio_input": "cache_read", "audio_output": "output"}
"""The rate a meter is billed at where the card has none of its own, as `pricing.cost` does."""


class ListPrices:
    """Looks up list prices. `formats` are the formats of the configured providers, as hints."""

    def __init__(self, public: PriceBook, in_force: PriceBook, formats: Mapping[str, str]) -> None:
        self._public = public
        self._in_force = in_force
        self._formats = formats

    @property
    def book(self) -> str:
        """The hash of the book in force."""
        return self._in_force.hash

    def each(self, provider: str, model: str, tier: str, meter: str, paid_each: int, at_ms: int) -> int:
        """Pico-dollars apiece at public prices; what was paid where no contract holds, or where nothing public is known.

        A contract's long-context tier is compared with the public tier of the same rank; what is public beyond the
        contract's tiers is not guessed at.
        """
        hints = (provider, self._formats.get(provider, ""))
        if not any(contract.covers(model.lower(), hints) for contract in self._in_force.contracts):
            return paid_each
        public = self._public.find(model, *hints, at_ms=at_ms)
        paid = self._in_force.find(model, *hints, at_ms=at_ms)
        if isinstance(public, Unpriced) or isinstance(paid, Unpriced):
            return paid_each
        found = _rate(_rates(public, tier, _rank(paid, tier, meter, paid_each)), meter)
        return paid_each if found is None else found


def _rank(card: PriceCard, tier: str, meter: str, each: int) -> int:
    """Which of a card's long-context tiers has this price."""
    tiers = card.variants.get(tier) or card.variants[""]
    return next((rank for rank, found in enumerate(tiers) if _rate(found.rates, meter) == each), 0)


def _rates(card: PriceCard, tier: str, rank: int) -> Rates:
    tiers = card.variants.get(tier) or card.variants[""]
    return tiers[rank].rates if rank < len(tiers) else reached(tiers, 0).rates


def _rate(rates: Rates, meter: str) -> int | None:
    found: int | None = getattr(rates, meter, None)
    if found is None and meter in _INSTEAD:
        return _rate(rates, _INSTEAD[meter])
    return found
