"""The price of a tool that costs money: what its owner said, kept with each use where models keep the hash of their book.

A use of a tool is an attempt without tokens: provider `tool`, the tool's name as its model, one `request` at its price.
"""

from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.price import PriceCard, Rates, Tier, Unpriced
from farthing.domain.record import AttemptOpening

TOOL = "tool"
"""The provider, the dialect and the label of tools that are paid for."""
_DECLARED = "declared:"


def declared(nanos: int) -> str:
    """What stands in `AttemptOpening.book` for a tool that costs so much each time."""
    return f"{_DECLARED}{nanos}"


def declared_nanos(book: str) -> int | None:
    """What `declared` wrote; None where it is something else."""
    nanos = book.removeprefix(_DECLARED)
    return int(nanos) if book.startswith(_DECLARED) and nanos.isdecimal() else None


def card_of_tool(opening: AttemptOpening) -> PriceCard | Unpriced:
    """The card of a tool's use; unpriced where the price was only known afterwards."""
    nanos = declared_nanos(opening.book)
    if nanos is None:
        return Unpriced("the tool said what it cost after it had run")
    rates = Rates(input=0, output=0, request=nanos * PICOS_PER_NANO)
    return PriceCard(TOOL, opening.model, {"": (Tier(above=0, inclusive=False, rates=rates),)}, opening.book)
