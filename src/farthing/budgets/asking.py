"""Which thresholds of a call's budgets a person has to let it past, and whose accounts those are."""

from collections.abc import Callable, Iterable, Mapping

from farthing.budgets.terms import Terms
from farthing.budgets.thresholds import Reached, Watched, spent_of
from farthing.domain.budget import NOBODY, OTHERS, AccountKey, Act, Budget, Standing, Threshold
from farthing.domain.record import Labels

Passed = Callable[[AccountKey, int], bool]
"""Whether somebody let calls on this account past this threshold (in millionths), or past a higher one."""


def asking(soft: Iterable[Watched], standings: Mapping[AccountKey, Standing], passed: Passed) -> tuple[Reached, ...]:
    """The thresholds with `approve` that are reached and that nobody has let calls past: the highest of each account."""
    found = []
    for each in soft:
        for account in each.accounts:
            standing = standings.get(account)
            at = _highest(each.thresholds, standing)
            if standing is not None and at is not None and not passed(account, at):
                found.append(Reached(Act.APPROVE, at, each.budget, standing))
    return tuple(found)


def beside(terms: Terms, account: AccountKey) -> tuple[tuple[AccountKey, int], ...]:
    """The account and those of the same budget in its other open windows, each with when that closes (0: never)."""
    same = account._replace(window="")
    return tuple((key, closes_ms) for key, closes_ms, _, _ in terms.accounts if key._replace(window="") == same)


def scope(budget: Budget, account: AccountKey, trusted: Labels) -> Labels:
    """Labels that every call on this account carries. On a run's own account those are its calls' `trusted` ones; any
    other account is shared by all whom the budget matches, so that only what it matches says whose it is."""
    if budget.window == "run":
        return trusted
    exact = [pair for pair in budget.match if not pair[1].endswith("*")]
    if budget.each and account.value not in (NOBODY, OTHERS):
        exact.append((budget.each, account.value))
    return tuple(sorted(exact))


def within(labels: Labels, bound: Labels) -> bool:
    """Whether whoever is bound to these labels may decide what has the scope `labels`."""
    return set(bound) <= set(labels)


def _highest(thresholds: Iterable[Threshold], standing: Standing | None) -> int | None:
    if standing is None or standing.limit is None:
        return None
    limit, spent = standing.limit, spent_of(standing)
    reached = (each for each in thresholds if Act.APPROVE in each.acts and each.reached(spent, limit))
    return max((each.at_millionths for each in reached), default=None)
