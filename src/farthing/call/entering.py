"""Arrived → NeedsFunds or Refused: the part of a call before money, guarded and planned."""

import msgspec

from farthing.call.arrival import Arrival
from farthing.call.bounding import tighten
from farthing.call.desk import Desk
from farthing.call.funding import walk
from farthing.call.guards import Guards
from farthing.call.plan import Plan
from farthing.call.rules import Rules
from farthing.call.shaping import shape
from farthing.call.states import NeedsFunds, Refused
from farthing.call.visit import Visit
from farthing.domain.refusal import Refusal


async def enter(arrival: Arrival, rules: Rules, desk: Desk) -> NeedsFunds | Refused:
    """Whether and how a call goes on to ask for money. Raises BadRequest where no provider can take it.

    A call that was let in is in the guards' care until `drive` has ended it, or `release` where it is not driven.
    """
    guards = desk.guards
    if guards is None:
        planned = rules.plan(arrival)
        if isinstance(planned, Plan) and planned.terms.soft:
            planned = await shape(planned, rules, desk)
        return NeedsFunds(planned) if isinstance(planned, Plan) else Refused(arrival, planned)
    visit = guards.meet(arrival)
    if isinstance(visit, Refusal):
        return Refused(arrival, visit)
    try:
        found = await _admitted(arrival, rules, desk, guards, visit)
    except BaseException:
        guards.leave(visit, sent=False, now_ms=desk.now_ms())
        raise
    if isinstance(found, Refusal):
        guards.leave(visit, sent=False, now_ms=desk.now_ms())
        return Refused(arrival, found)
    return NeedsFunds(found)


def release(state: NeedsFunds | Refused, desk: Desk) -> None:
    """End a call that came in and was not driven. Safe after `drive`."""
    guards = desk.guards
    if guards is not None and isinstance(state, NeedsFunds) and state.plan.visit is not None:
        guards.leave(state.plan.visit, sent=False, now_ms=desk.now_ms())


async def _admitted(arrival: Arrival, rules: Rules, desk: Desk, guards: Guards, visit: Visit) -> Plan | Refusal:
    plan = rules.plan(arrival)
    if isinstance(plan, Plan) and plan.terms.soft:
        plan = await shape(plan, rules, desk)
    if isinstance(plan, Refusal):
        return plan
    if guards.rules.limits and not guards.fits(visit, plan):  # bytes are more than tokens: count before saying no
        plan = await walk(tighten(desk.ratios, plan), desk)
    no = guards.admit(visit, plan)
    return msgspec.structs.replace(plan, visit=visit) if no is None else no
