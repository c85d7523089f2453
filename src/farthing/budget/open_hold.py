"""An open hold: what one attempt has set aside, account by account, until its end."""

from typing import NamedTuple

import msgspec

from farthing.domain.budget import AccountKey
from farthing.domain.hold import Settlement, Spent


class Part(msgspec.Struct, frozen=True, gc=False):
    """One account's share of a hold, and later of a charge. The account is fixed when the money is reserved."""

    account: AccountKey
    amount: int
    """Held; once the attempt is settled, posted."""
    times: int
    over: int
    """`ceil(quantity * times / over)` is a quantity in the account's base."""
    least: int | None = None
    """The quantity an unknown outcome is charged at least, or None where it is charged the whole hold."""

    def settled(self, spent: Spent) -> "Part":
        """This part with what was really spent."""
        amount = -(-spent.of(self.account.unit) * self.times // self.over)
        return Part(self.account, amount, self.times, self.over, self.least)

    def estimated(self, seen: Spent | None) -> "Part":
        """This part as the policy charges it when nobody can say: the hold, or what was seen if that is less."""
        if self.least is None:
            return self
        quantity = self.least if seen is None else seen.of(self.account.unit)
        return self.worth(min(self.amount, -(-quantity * self.times // self.over)))

    def worth(self, amount: int) -> "Part":
        """This part with another amount."""
        return Part(self.account, amount, self.times, self.over, self.least)


class OpenHold(msgspec.Struct):
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
    """A hold that reached its end, with what it posted (nothing where it was voided)."""

    hold: OpenHold
    posted: tuple[Part, ...]
    overran: bool = False
    """Some account was posted more than it held."""

    def tell(self, settlement: Settlement) -> Settlement:
        """The settlement as it is recorded: flagged where it posted more than was held."""
        if not self.overran:
            return settlement
        return msgspec.structs.replace(settlement, flags=(*settlement.flags, "overran_hold"))
