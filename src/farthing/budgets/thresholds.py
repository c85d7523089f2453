"""What budgets do before their limit: which of their thresholds a call has reached, by how its accounts stand."""

from collections.abc import Iterable, Mapping

import msgspec

from farthing.domain.budget import AccountKey, Act, Budget, Standing, Threshold

_NEVER_BY_COUNTING = frozenset({Act.LAND, Act.BLOCK, Act.APPROVE})
"""What a budget that only counts does not do: it refuses nothing."""
_ORDER = tuple(Act)
MILLION = 1_000_000


class Watched(msgspec.Struct, frozen=True):
    """A budget that does something to calls before its limit, and the accounts that a call has in it."""

    budget: Budget
    thresholds: tuple[Threshold, ...]
    """Rising, and only acts that change or stop a call: alerts are evaluated by themselves."""
    accounts: tuple[AccountKey, ...]
    """One for each limited unit in each window."""


class Reached(msgspec.Struct, frozen=True):
    """One act that is due, and why."""

    act: Act
    at_millionths: int
    """The threshold: 800,000 is 80 % of the limit."""
    budget: Budget
    standing: Standing
    """The account that is used up the most of those that ask for this act."""

    @property
    def used_millionths(self) -> int:
        """The share of the limit that is spent, rounded down; a limit of nothing is used up."""
        limit = self.standing.limit
        return MILLION if not limit else spent_of(self.standing) * MILLION // limit

    @property
    def words(self) -> str:
        """`'support, monthly' is used up to 83 %`."""
        return f"{self.budget.name!r} is used up to {self.used_millionths * 100 // MILLION} %"


def watched(budget: Budget, accounts: tuple[AccountKey, ...]) -> Watched | None:
    """What to look at, or None where the budget does nothing to calls before its limit."""
    thresholds = tuple(
        Threshold(each.at_millionths, acts) for each in budget.soft if (acts := _acts_on_calls(budget, each))
    )
    return Watched(budget, thresholds, accounts) if thresholds and accounts else None


def accounts_of(soft: Iterable[Watched]) -> tuple[AccountKey, ...]:
    """All accounts that decide what is reached."""
    return tuple(account for each in soft for account in each.accounts)


def spent_of(standing: Standing) -> int:
    """What counts as spent: posted, and unknown, which nobody waits for. What is held may come back."""
    return standing.posted + standing.unknown


def reached(soft: Iterable[Watched], standings: Mapping[AccountKey, Standing]) -> tuple[Reached, ...]:
    """Every act that is due, once, in the order of `Act`: from the account that is used up the most of those asking for it.

    Any limited unit in any window of a budget reaches its thresholds; grants raise the limit that it is a share of.
    """
    strongest: dict[Act, Reached] = {}
    for each in soft:
        for account in each.accounts:
            standing = standings.get(account)
            if standing is None or standing.limit is None:
                continue
            for threshold in each.thresholds:
                if not threshold.reached(spent_of(standing), standing.limit):
                    break
                for act in threshold.acts:
                    found = Reached(act, threshold.at_millionths, each.budget, standing)
                    if act not in strongest or found.used_millionths >= strongest[act].used_millionths:
                        strongest[act] = found
    return tuple(strongest[act] for act in _ORDER if act in strongest)


def far_from(soft: Iterable[Watched], standings: Mapping[AccountKey, Standing]) -> bool:
    """Whether nothing would be reached even if all that is held were spent: then a standing need not be the latest."""
    for each in soft:
        first = each.thresholds[0]
        for account in each.accounts:
            standing = standings.get(account)
            if standing is None:
                return False
            if standing.limit is not None and first.reached(spent_of(standing) + standing.held, standing.limit):
                return False
    return True


def _acts_on_calls(budget: Budget, threshold: Threshold) -> tuple[Act, ...]:
    return tuple(
        act for act in threshold.acts if act is not Act.ALERT and (budget.enforced or act not in _NEVER_BY_COUNTING)
    )
