"""Planned → planned otherwise, or Refused: what the budgets of a call do before their limit.

Acts come in the order of `Act`: first what makes the call cheaper, then what the model is told, then what ends the run.
"""

import msgspec

from farthing.budgets.asking import asking
from farthing.budgets.thresholds import Reached, reached
from farthing.call.desk import Desk
from farthing.call.downgrade import downgrade
from farthing.call.funding import walk
from farthing.call.hint import hint
from farthing.call.landing import landed, landing, who_lands
from farthing.call.plan import Plan
from farthing.call.rewording import noted
from farthing.call.rules import Rules
from farthing.call.shorten import shorten
from farthing.domain.budget import Act
from farthing.domain.record import Step
from farthing.domain.refusal import Refusal


async def shape(plan: Plan, rules: Rules, desk: Desk) -> Plan | Refusal:
    """The plan after all that its budgets' thresholds ask for. For plans with `terms.soft` only.

    Raises LedgerUnavailable.
    """
    who = who_lands(plan)
    if who is not None and _lands(plan) and desk.nearing.landings.taken(who, desk.guards):
        return landed(who)
    now_ms = desk.now_ms()
    standings = await desk.nearing.standings(plan.terms.soft, desk.ledger, now_ms)
    found = {each.act: each for each in reached(plan.terms.soft, standings)}
    if not found:
        return plan
    if Act.BLOCK in found:
        return stopped_at(found[Act.BLOCK])
    if Act.APPROVE in found:
        asks = asking(plan.terms.soft, standings, desk.approvals.passed)
        plan = msgspec.structs.replace(plan, asks=asks)
    if not plan.wanted.cap:
        return plan  # embeddings: there is nobody to tell anything, and nothing to shorten
    for act in (Act.COMPRESS, Act.DOWNGRADE):
        if act in found:
            plan = await _pull(found[act], plan, rules, desk)
    if Act.LAND in found:
        return _land(plan, found[Act.LAND])
    for act in (Act.SHORTEN, Act.HINT):
        if act in found:
            plan = await _pull(found[act], plan, rules, desk)
    return plan


def stopped_at(why: Reached) -> Refusal:
    """The refusal of a call at a threshold that blocks."""
    standing = why.standing
    return Refusal(
        code="budget_exceeded",
        message=f"{why.words}, and from {_percent(why.at_millionths)} on it allows no call",
        what_to_do="raise the budget" + (", or wait for its next window" if standing.closes_ms else ""),
        standing=standing,
    )


async def _pull(why: Reached, plan: Plan, rules: Rules, desk: Desk) -> Plan:
    """The lever that is plugged in for this act, else our own."""
    lever = rules.levers.get(why.act)
    if lever is not None:
        return await walk(lever(plan), desk)
    match why.act:
        case Act.SHORTEN:
            return shorten(plan, why)
        case Act.DOWNGRADE:
            return downgrade(plan, why, rules, desk.nearing.warmth, desk.now_ms())
        case Act.HINT:
            return hint(plan, why)
        case _:
            return noted(plan, Step(why.act.value, "nothing: no lever is configured for it", why.words))


def _land(plan: Plan, why: Reached) -> Plan | Refusal:
    """The run's last call; a call without a run has none, so the threshold stops it."""
    if who_lands(plan) is None:
        return stopped_at(why)
    return landing(plan, why.budget.land_output, why.words)


def _lands(plan: Plan) -> bool:
    return any(each.budget.lands for each in plan.terms.soft)


def _percent(millionths: int) -> str:
    return f"{millionths / 10_000:g} %"
