"""Which card an attempt is priced by, when all that is left of it is its record."""

from collections.abc import Mapping

from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.record import AttemptOpening
from farthing.ports.history import CardOf
from farthing.pricing.book import PriceBook
from farthing.pricing.tool_price import TOOL, card_of_tool


def card_finder(book: PriceBook, formats: Mapping[str, str]) -> CardOf:
    """What this book says of an attempt's own model at the moment it was opened.

    `formats` are those of the configured providers, by name: the provider's name is the first hint, its format the second.
    """

    def card_of(opening: AttemptOpening) -> PriceCard | Unpriced:
        if opening.provider == TOOL:
            return card_of_tool(opening)
        hints = filter(None, (opening.provider, formats.get(opening.provider, "")))
        return book.find(opening.model, *hints, at_ms=opening.opened_ms)

    return card_of
