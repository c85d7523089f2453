"""Cheaper siblings: which models could take a simple step instead. Only those that its owner named in `[tiers]` or has used
at the same provider, so that nothing is claimed of a model nobody here would use."""

from collections.abc import Iterable

import msgspec

from farthing.domain.price import PriceCard
from farthing.domain.record import AttemptOpening
from farthing.ports.history import CardOf
from farthing.reports.drivers import Siblings


def siblings_among(models: Iterable[tuple[str, str]], card_of: CardOf) -> Siblings:
    """`models` are (provider, model) pairs. A sibling is at the same provider, answers in text and has a price."""
    sold: dict[str, list[str]] = {}
    for provider, model in sorted(set(models)):
        sold.setdefault(provider, []).append(model)

    def siblings(opening: AttemptOpening) -> Iterable[PriceCard]:
        others = (model for model in sold.get(opening.provider, ()) if model != opening.model)
        cards = (card_of(msgspec.structs.replace(opening, model=model)) for model in others)
        return [card for card in cards if isinstance(card, PriceCard) and card.variants[""][0].rates.output]

    return siblings
