"""Money and counts as the SDK shows them."""

from decimal import Decimal
from typing import NamedTuple

from farthing.domain.money import NANOS_PER_USD


class Amounts(NamedTuple):
    """Money and counts. What a budget does not limit has no remainder: None."""

    usd: Decimal | None
    tokens: int | None
    calls: int | None

    def __str__(self) -> str:
        money = None if self.usd is None else f"${self.usd.normalize():f}"
        counts = (
            None if count is None else f"{count:,} {word}"
            for count, word in zip(self[1:], ("tokens", "calls"), strict=True)
        )
        return ", ".join(part for part in (money, *counts) if part is not None) or "no limit"


def dollars(nanos: int | None) -> Decimal | None:
    """Nano-dollars as dollars, exactly."""
    return None if nanos is None else Decimal(nanos) / NANOS_PER_USD
