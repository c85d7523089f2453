"""List prices for the bill, from Farthing's own price book: which rates hold is looked up here, the sum is the bill's own."""

from collections.abc import Callable

from farthing.domain.price import PriceCard, Rates, Unpriced
from farthing.pricing.book import PriceBook
from farthing.testing.bill import PriceOf
from farthing.testing.models import model_named


def list_prices(clock: Callable[[], int], book: PriceBook | None = None) -> PriceOf:
    """Rates by model, service tier and length of input at the provider's moment; None for what the book does not price.

    Without a book the packaged one is read.
    """
    priced = PriceBook.load() if book is None else book

    def price_of(model: str, tier: str, input_tokens: int) -> Rates | None:
        card = priced.find(model, model_named(model).maker, at_ms=clock())
        return None if isinstance(card, Unpriced) else _rates(card, tier, input_tokens)

    return price_of


def _rates(card: PriceCard, tier: str, input_tokens: int) -> Rates | None:
    """The highest step that this input reaches. Without prices of its own, flex is billed as standard; others have none."""
    steps = card.variants.get(tier)
    if steps is None:
        steps = card.variants[""] if tier in ("flex", "") else ()
    rates = None
    for step in steps:
        if input_tokens > step.above or (step.inclusive and input_tokens == step.above) or step.above == 0:
            rates = step.rates
    return rates
