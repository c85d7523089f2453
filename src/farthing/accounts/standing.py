"""How budgets stand now: each limit in force against what was counted on its present windows."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from farthing.domain.budget import AccountKey, Budget, Grant, Standing, Unit, Window

Present = Callable[[Budget], tuple[Window, ...]]
"""The windows of a budget that are open now; empty for windows that are a run's own."""


class BudgetStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One budget, and one line for each account that counts it now."""

    budget: Budget
    lines: tuple[Standing, ...]
    """The fullest first within each unit. Where nothing was spent yet, one line of zeros for each unit."""


def standings(
    budgets: Iterable[Budget], accounts: Iterable[Standing], grants: Iterable[Grant], present: Present
) -> tuple[BudgetStanding, ...]:
    """Every budget with its present accounts. Grants count only on the very account they were given to."""
    by_budget: dict[str, list[Standing]] = {}
    for standing in accounts:
        by_budget.setdefault(standing.account.budget, []).append(standing)
    given: dict[AccountKey, int] = {}
    for grant in grants:
        given[grant.account] = given.get(grant.account, 0) + grant.amount
    return tuple(
        BudgetStanding(
            budget=budget, lines=tuple(_lines(budget, by_budget.get(budget.account_name, []), given, present(budget)))
        )
        for budget in budgets
    )


def present_accounts(budget: Budget, unit: Unit, value: str, present: tuple[Window, ...]) -> tuple[AccountKey, ...]:
    """The accounts that a grant must reach to raise this budget now: one, or one for each open turn of a rolling window."""
    return tuple(AccountKey(budget.account_name, value, unit, window.name) for window in present)


def used(standing: Standing) -> int:
    """What admission counts as gone or taken: posted, unknown and held."""
    return standing.posted + standing.unknown + standing.held


def share_used(standing: Standing) -> float:
    """How full an account is, 0 to 1 and beyond; 0 for one without a limit. For order and bars, never for money."""
    return used(standing) / standing.limit if standing.limit else float(bool(standing.limit == 0))


def _lines(
    budget: Budget, accounts: list[Standing], given: Mapping[AccountKey, int], present: tuple[Window, ...]
) -> Iterator[Standing]:
    closes = {window.name: window.closes_ms for window in present}
    for unit, limit in budget.limits:
        touched = {standing.account: standing for standing in accounts if standing.account.unit is unit}
        raised = {
            account: _empty(account, closes)
            for account in given
            if (account.budget, account.unit) == (budget.account_name, unit)
        }
        found = [
            msgspec.structs.replace(standing, limit=limit + given.get(account, 0))
            for account, standing in (raised | touched).items()
            if _is_present(budget, account, closes)
        ]
        yield from _fullest(found) or (_untouched(budget, unit, limit, present),)


def _empty(account: AccountKey, closes: Mapping[str, int]) -> Standing:
    """An account that was raised before anything was spent from it."""
    return Standing(account, None, 0, 0, 0, closes_ms=closes.get(account.window, 0))


def _is_present(budget: Budget, account: AccountKey, closes: Mapping[str, int]) -> bool:
    if budget.window == "run":
        return account.window.startswith("run:")
    return account.window in closes


def _fullest(found: list[Standing]) -> list[Standing]:
    """One line for each value and run: of the overlapping turns of a rolling window, the one that binds."""
    binding: dict[tuple[str, str], Standing] = {}
    for standing in sorted(found, key=share_used):
        run = standing.account.window if standing.account.window.startswith("run:") else ""
        binding[standing.account.value, run] = standing
    return sorted(binding.values(), key=share_used, reverse=True)


def _untouched(budget: Budget, unit: Unit, limit: int, present: tuple[Window, ...]) -> Standing:
    window = present[-1] if present else Window("", 0, 0)
    return Standing(AccountKey(budget.account_name, "", unit, window.name), limit, 0, 0, 0, closes_ms=window.closes_ms)
