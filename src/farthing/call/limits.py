"""Limits of single calls: what one may cost (`per_call`) and how much it may say (`per_output`).

They lower the output cap; where even the floor does not fit, the call is refused.
"""

import msgspec

from farthing.call.plan import Plan
from farthing.call.rewording import noted
from farthing.domain.budget import AccountKey, Budget, Standing
from farthing.domain.currency import Rate
from farthing.domain.hold import Charge
from farthing.domain.record import Step
from farthing.domain.refusal import Refusal, amount_text
from farthing.output.cap import lowered
from farthing.pricing.worst import Bound

_WINDOW = "call"


def within_limits(plan: Plan) -> Plan | Refusal:
    """The plan with a cap that its budgets allow a single call, or a refusal with the numbers."""
    terms, wanted, why = plan.terms, plan.wanted, ""
    if terms.per_output is not None:
        choices = plan.arrival.draft.asked.choices
        wanted = lowered(wanted, max((terms.per_output - plan.most_output) // choices, 1))
        why = f"a budget lets one call say {terms.per_output:,} tokens at most"
    for budget, rate in terms.per_call:
        charge = _charge(plan, budget, rate)
        assert budget.per_call is not None
        largest = charge.largest_cap(budget.per_call)
        if largest is not None and largest < wanted.floor:
            return _refused(budget, charge.amount(wanted.floor))
        if largest is not None and largest < wanted.cap:
            wanted = lowered(wanted, largest)
            why = f"the budget {budget.name!r} lets one call cost {_most(budget)} at most"
    if wanted is plan.wanted:
        return plan
    step = Step("limit", f"output cap {wanted.cap:,} instead of {plan.wanted.cap:,}", why)
    return noted(msgspec.structs.replace(plan, wanted=wanted), step)


def _charge(plan: Plan, budget: Budget, rate: Rate) -> Charge:
    """The worst case of this call in the budget's currency, as a line over the cap."""
    assert isinstance(plan.worst, Bound), "a call without a price is refused before"
    account = AccountKey(budget.name, "", budget.money, _WINDOW)
    return Charge(account, plan.worst.base_picos, plan.worst.slope_picos, rate.times, rate.over)


def _most(budget: Budget) -> str:
    assert budget.per_call is not None
    return f"{amount_text(budget.money, budget.per_call)} {budget.money.currency}"


def _refused(budget: Budget, needed: int) -> Refusal:
    assert budget.per_call is not None
    account = AccountKey(budget.name, "", budget.money, _WINDOW)
    return Refusal(
        code="budget_exceeded",
        message=f"the budget {budget.name!r} lets one call cost {_most(budget)} at most, "
        f"and this one needs at least {amount_text(budget.money, needed)} {budget.money.currency}",
        what_to_do="send a shorter prompt or a smaller output cap, or use a cheaper model; the owner of the budget can raise "
        "its `per_call`",
        standing=Standing(account, budget.per_call, 0, 0, 0, needed=needed),
    )
