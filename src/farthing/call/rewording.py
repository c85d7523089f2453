"""A plan whose body says something else: bounded and priced anew, since every byte that is added may cost."""

import msgspec

from farthing.call.plan import Plan
from farthing.call.rules import worst_of
from farthing.domain.money import nanos_from_picos, usd
from farthing.domain.record import Step
from farthing.pricing.worst import Bound
from farthing.tokens.bound import byte_bound
from farthing.wire.dialect import Draft


def reworded(plan: Plan, draft: Draft) -> Plan:
    """The plan with this body, by the bound that is free."""
    bound = byte_bound(draft.asked, plan.facts, strict=plan.terms.strict)
    return msgspec.structs.replace(
        plan,
        arrival=msgspec.structs.replace(plan.arrival, draft=draft),
        bound=bound,
        worst=worst_of(draft.asked, plan.facts, plan.card, bound),
    )


def noted(plan: Plan, step: Step, flag: str = "") -> Plan:
    """The plan with one more step, and the flag that its record is to carry."""
    flags = plan.flags if not flag or flag in plan.flags else (*plan.flags, flag)
    return msgspec.structs.replace(plan, steps=(*plan.steps, step), flags=flags)


def most_nanos(plan: Plan, cap: int) -> int | None:
    """What the plan can cost at most with this cap, in nano-dollars; None where it has no price."""
    return nanos_from_picos(plan.worst.at(cap)) if isinstance(plan.worst, Bound) else None


def at_most(plan: Plan, cap: int) -> str:
    """What the plan can cost at most with this cap, in words."""
    most = most_nanos(plan, cap)
    return "an unknown price" if most is None else f"{usd(most)} USD"
