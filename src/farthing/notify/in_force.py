"""What budgets limit now, as alerts ask for it."""

from collections.abc import Iterable

from farthing.alerts.budgets import Limited
from farthing.budgets.window import windows
from farthing.domain.budget import Budget, Grant


def limited(budgets: Iterable[Budget], grants: Iterable[Grant], now_ms: int) -> tuple[Limited, ...]:
    """One for each limit of each budget in force, with the windows that are open at this moment."""
    raised = tuple((grant.account, grant.amount) for grant in grants)
    return tuple(
        Limited(
            budget=budget.name,
            accounts=budget.account_name,
            unit=unit,
            limit=limit,
            windows=() if budget.window == "run" else windows(budget.window, budget.tz, now_ms),
            rolling=budget.window.startswith("rolling:"),
            raised=tuple((account, amount) for account, amount in raised if account.budget == budget.account_name),
        )
        for budget in budgets
        for unit, limit in budget.limits
    )
