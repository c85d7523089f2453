"""An open hold: what one attempt has set aside, account by account, until its end."""

from typing import NamedTuple

import msgspec

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.hold import Settlement, Spent


class Part(msgspec.Struct, frozen=True, gc=False):
    """One account's share of a hold. The account is fixed when the money is reserved, and so is the amount."""

    account: AccountKey
    amount: int
    """Held."""
    times: int
    over: int
    """`ceil(quantity * times / over)` is a quantity in the account's base."""
    least: int | None = None
    """The quantity an unknown outcome is charged at least, or None where it is charged the whole hold."""

    def settled(self, spent: Spent) -> int:
        """What is posted for what was really spent."""
        unit = self.account.unit
        quantity = spent.picos if unit is Unit.USD else spent.of(unit)
        return -(-quantity * self.times // self.over)

    def estimated(self, seen: Spent | None) -> int:
        """What the policy posts when nobody can say: the hold, or only what was seen. Never less than was seen, even
        above the hold: a stream that was cut for passing its cap has shown that it cost more."""
        if seen is not None:
            return self.settled(seen) if self.least is not None else max(self.amount, self.settled(seen))
        if self.least is None:
            return self.amount
        return min(self.amount, -(-self.least * self.times // self.over))


class OpenHold(msgspec.Struct, gc=False):
    """A hold that has not reached its end. Unknown from the moment that `due_ms` is set."""

    attempt: int
    parts: tuple[Part, ...]
    holder: str = ""
    due_ms: int | None = None
    """When a policy charges it; None while the attempt is in flight."""
    seen: Spent | None = None

    @property
    def unknown(self) -> bool:
        return self.due_ms is not None


class Ended(NamedTuple):
    """A hold that reached its end."""

    hold: OpenHold
    posted: tuple[int, ...]
    """What each of its parts has posted, in their order; zeros where it was voided."""
    overran: bool = False
    """Some account was posted more than it held."""

    def tell(self, settlement: Settlement) -> Settlement:
        """The settlement as it is recorded: flagged where it posted more than was held."""
        if not self.overran:
            return settlement
        return msgspec.structs.replace(settlement, flags=(*settlement.flags, "overran_hold"))
