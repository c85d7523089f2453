"""Money and counts as the SDK takes and shows them."""

from decimal import Decimal
from typing import NamedTuple

from farthing.domain.money import NANOS_PER_USD, parse_usd, usd
from farthing.sdk.errors import Misused


class Amounts(NamedTuple):
    """Money and counts. What a budget does not limit has no remainder: None."""

    usd: Decimal | None
    tokens: int | None
    calls: int | None

    def __str__(self) -> str:
        money = None if self.usd is None else f"${self.usd.normalize():f}"
        counts = (
            None if count is None else f"{count:,} {word}{'' if count == 1 else 's'}"
            for count, word in zip(self[1:], ("token", "call"), strict=True)
        )
        return ", ".join(part for part in (money, *counts) if part is not None) or "no limit"


def dollars(nanos: int | None) -> Decimal | None:
    """Nano-dollars as dollars, exactly."""
    return None if nanos is None else Decimal(nanos) / NANOS_PER_USD


def money_text(what: str, amount: object) -> str:
    """An amount that somebody gave, as a text that names its currency: `"$2"`, `"2 USD"`, or dollars as a `Decimal`.

    Raises Misused that begins with `what`.
    """
    return f"{usd(nanos_of(what, amount))} USD"


def nanos_of(what: str, amount: object) -> int:
    """The same in nano-dollars. Raises Misused that begins with `what`."""
    if isinstance(amount, Decimal) and amount.is_finite():
        amount = f"{amount:f}"
    if not isinstance(amount, str):
        why = " (a float cannot hold it exactly)" if isinstance(amount, float) else ""
        raise Misused(f"{what} must be an amount in quotes, like '$0.50', not {amount!r}{why}")
    try:
        return parse_usd(amount.strip())
    except ValueError as error:
        raise Misused(f"{what} {error}") from error
