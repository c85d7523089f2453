"""Arrived → NeedsFunds or Refused: the part of a call before money, guarded and planned."""

from collections.abc import Awaitable

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

Entered = NeedsFunds | Refused


async def enter(arrival: Arrival, rules: Rules, desk: Desk) -> Entered:
    """Whether and how a call goes on to ask for money. Raises BadRequest where no provider can take it.

    A call that was let in is in the guards' care until `drive` has ended it, or `release` where it is not driven.
    """
    found = entering(arrival, rules, desk)
    return found if isinstance(found, NeedsFunds) else await found


def entering(arrival: Arrival, rules: Rules, desk: Desk) -> NeedsFunds | Awaitable[Entered]:
    """`enter`, at once for a call that goes on and has neither guards nor thresholds: it waits for nothing here."""
    guards = desk.guards
    if guards is not None:
        return _past(guards, arrival, rules, desk)
    planned = rules.plan(arrival)
    if isinstance(planned, Plan) and not planned.terms.soft:
        return NeedsFunds(planned)
    return _otherwise(planned, arrival, rules, desk)


async def _otherwise(planned: Plan | Refusal, arrival: Arrival, rules: Rules, desk: Desk) -> Entered:
    if isinstance(planned, Plan):
        planned = await shape(planned, rules, desk)
    return NeedsFunds(planned) if isinstance(planned, Plan) else Refused(arrival, planned)


async def _past(guards: Guards, arrival: Arrival, rules: Rules, desk: Desk) -> Entered:
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


def release(state: Entered, desk: Desk) -> None:
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
