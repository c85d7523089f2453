"""One account in memory: what it has posted, what is held and unknown on it, and the limit that binds it."""

from collections.abc import Iterable
from typing import NamedTuple

from farthing.domain.budget import AccountKey, Budget, Grant, Standing


class Balance(NamedTuple):
    """An account's row as the authority has it. `row` is the authority's own number for it, 0 where it has none yet."""

    posted: int = 0
    held: int = 0
    unknown: int = 0
    closes_ms: int = 0
    row: int = 0


class Account:
    """A mutable account. Only the book writes to it; amounts are in the unit's base.

    `limit` is what the budget names plus grants (None: counted, not limited). `bound` is the same where the budget is
    enforced, else None: the only number that admission looks at.
    """

    __slots__ = (
        "bound",
        "closes_ms",
        "generation",
        "held",
        "held_by",
        "keeps_hold",
        "key",
        "limit",
        "money",
        "posted",
        "row",
        "unknown",
    )

    def __init__(self, key: AccountKey) -> None:
        self.key = key
        self.money = bool(key.unit.currency)
        self.posted = 0
        self.held = 0
        self.unknown = 0
        self.closes_ms = 0
        self.row = 0
        self.generation = -1
        self.limit: int | None = None
        self.bound: int | None = None
        self.keeps_hold = True
        """Whether an unknown outcome is charged the whole hold here, or only what was seen."""
        self.held_by: dict[str, int] = {}
        """What each holder has reserved here, as far as this process knows: for fair shares, never for limits."""

    @property
    def spent(self) -> int:
        """What is gone for admission: posted, and unknown, which nobody waits for."""
        return self.posted + self.unknown

    def take(self, balance: Balance) -> None:
        """Believe the authority."""
        self.posted, self.held, self.unknown = balance.posted, balance.held, balance.unknown
        self.closes_ms = balance.closes_ms or self.closes_ms
        self.row = balance.row

    def reserve(self, amount: int, holder: str) -> None:
        self.held += amount
        if holder:
            self.held_by[holder] = self.held_by.get(holder, 0) + amount

    def release(self, amount: int, holder: str) -> None:
        """Give back exactly what was reserved."""
        self.held -= amount
        assert self.held >= 0, f"{self.key} released more than it held"
        if holder:
            rest = self.held_by.get(holder, 0) - amount
            if rest > 0:
                self.held_by[holder] = rest
            else:
                self.held_by.pop(holder, None)

    @property
    def left(self) -> int | None:
        """What a new call may still reserve, as `Standing.left`; None where nothing limits it."""
        return None if self.limit is None else self.limit - self.posted - self.unknown - self.held

    def standing(self, needed: int = 0) -> Standing:
        return Standing(
            account=self.key,
            limit=self.limit,
            posted=self.posted,
            held=self.held,
            unknown=self.unknown,
            needed=needed,
            closes_ms=self.closes_ms,
        )


def in_force(given: Iterable[Budget], stored: Iterable[Budget]) -> tuple[Budget, ...]:
    """Budgets that are given (by a configuration), and those stored ones whose names they do not use."""
    given = tuple(given)
    taken = {name for budget in given for name in (budget.name, budget.account_name)}
    beside = (budget for budget in stored if budget.name not in taken and budget.account_name not in taken)
    return (*given, *beside)


class Limits:
    """The limits in force: budgets by name, and grants by account."""

    __slots__ = ("_budgets", "_grants")

    def __init__(self, budgets: Iterable[Budget] = (), grants: Iterable[Grant] = ()) -> None:
        self._budgets = {budget.account_name: budget for budget in budgets}
        self._grants: dict[AccountKey, int] = {}
        for grant in grants:
            self._grants[grant.account] = self._grants.get(grant.account, 0) + grant.amount

    def bind(self, account: Account) -> None:
        """Set the account's limit and policies. A budget nobody defined is counted, not limited."""
        budget = self._budgets.get(account.key.budget)
        if budget is None:
            account.limit = account.bound = None
            account.keeps_hold = True
            return
        limit = budget.limit(account.key.unit)
        account.limit = None if limit is None else limit + self._grants.get(account.key, 0)
        account.bound = account.limit if budget.enforced else None
        account.keeps_hold = budget.unknown != "charge_seen"
