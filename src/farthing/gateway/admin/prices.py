"""Prices over HTTP: what the price book in force says of a model."""

import msgspec

from farthing.domain.errors import BadRequest
from farthing.domain.money import PICOS_PER_USD
from farthing.domain.price import PriceCard, Rates, Tier, Unpriced
from farthing.gateway.admin.endpoint import Asked, Endpoint

_APIECE = ("web_search", "request")


class PriceTier(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a whole request of more input than `above_input_tokens`."""

    tier: str
    above_input_tokens: int
    usd_per_million_tokens: dict[str, str]
    usd_each: dict[str, str]
    """Of web searches and requests."""


class PriceView(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs now, `[[prices]]` of the configuration included."""

    provider: str
    model: str
    book: str
    tiers: tuple[PriceTier, ...]


async def show_price(asked: Asked) -> PriceView:
    """Raises BadRequest 404 where nobody knows."""
    engine, model = asked.engine, asked.named["model"]
    provider, slash, rest = model.partition("/")
    configured = {each.name: each.format for each in engine.rules.providers}
    hints = tuple(filter(None, (provider, configured.get(provider, "")))) if slash else ()
    card = engine.rules.book.find(rest or model, *hints, at_ms=engine.now_ms())
    if isinstance(card, Unpriced):
        raise BadRequest(
            f"{card.reason}; name its price under [[prices]] in farthing.toml",
            field="path",
            status=404,
            code="unpriced_model",
        )
    return price_view(card)


def price_view(card: PriceCard) -> PriceView:
    """A card in dollars."""
    tiers = tuple(_tier(name or "standard", tier) for name, every in card.variants.items() for tier in every)
    return PriceView(provider=card.provider, model=card.model, book=card.book, tiers=tiers)


def _tier(name: str, tier: Tier) -> PriceTier:
    known = {meter: getattr(tier.rates, meter) for meter in Rates.__struct_fields__}
    known = {meter: picos for meter, picos in known.items() if picos is not None}
    return PriceTier(
        tier=name,
        above_input_tokens=tier.above,
        usd_per_million_tokens={
            meter: _exact(picos * 1_000_000) for meter, picos in known.items() if meter not in _APIECE
        },
        usd_each={meter: _exact(picos) for meter, picos in known.items() if meter in _APIECE},
    )


def _exact(picos: int) -> str:
    """Pico-dollars as a decimal string of dollars."""
    whole, part = divmod(picos, PICOS_PER_USD)
    return f"{whole}.{part:012d}".rstrip("0").rstrip(".")


ENDPOINTS = (
    Endpoint(
        method="GET", path="/prices/{model*}", summary="What a model costs now", answer=show_price, gives=PriceView
    ),
)
