"""An attempt's settlement from usage that came to light later: a background answer fetched, or an operator's word."""

from farthing.config.engine import Engine
from farthing.config.wiring import cards_of
from farthing.domain.hold import Settlement, Spent
from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.record import AttemptOpening
from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord
from farthing.pricing.cost import cost
from farthing.wire.dialect import Answered


def card_of(engine: Engine, opening: AttemptOpening) -> PriceCard | Unpriced:
    """What the book in force says of the attempt's own model at the moment it was opened."""
    return cards_of(engine.rules)(opening)


def settlement_of(
    attempt: int, usage: Usage, card: PriceCard | Unpriced, *, tier: str, now_ms: int, of: AttemptRecord
) -> Settlement:
    """An operator's word: what the record says beside money and tokens stays. Nothing used is free, whatever the price;
    where tokens were used and nobody knows what they cost, `cost_nanos` is None."""
    picos, nanos, remainder = _price(usage, card, tier)
    return Settlement(
        attempt=attempt,
        spent=Spent(picos=picos, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens),
        usage=usage,
        cost_nanos=nanos,
        remainder_picos=remainder,
        source="operator",
        tier=tier,
        served_model=of.served_model,
        response_id=of.response_id,
        finish=of.finish,
        flags=tuple(flag for flag in of.flags if flag != "estimated"),
        settled_ms=now_ms,
    )


def settlement_of_background(
    attempt: int, answered: Answered, card: PriceCard | Unpriced, *, tenant: str, now_ms: int
) -> Settlement | None:
    """A background answer that was fetched whole; it may be pointed to from now on. Its usage must be there.

    None where nobody knows what it cost: the attempt stays unknown until an operator has named the price.
    """
    usage = answered.usage
    assert usage is not None
    picos, nanos, remainder = _price(usage, card, answered.tier)
    if nanos is None:
        return None
    return Settlement(
        attempt=attempt,
        spent=Spent(picos=picos, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens),
        usage=usage,
        cost_nanos=nanos,
        remainder_picos=remainder,
        tier=answered.tier,
        served_model=answered.model,
        response_id=answered.id,
        finish=answered.finish,
        flags=("background",),
        remember_for=tenant,
        settled_ms=now_ms,
    )


def _price(usage: Usage, card: PriceCard | Unpriced, tier: str) -> tuple[int, int | None, int]:
    """Pico-dollars, nano-dollars, and what rounding added; no nano-dollars where nobody knows."""
    if usage == Usage():
        return 0, 0, 0
    priced = card if isinstance(card, Unpriced) else cost(card, usage, tier)
    if isinstance(priced, Unpriced):
        return 0, None, 0
    return priced.picos, priced.nanos, priced.remainder_picos
