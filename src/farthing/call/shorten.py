"""Shorten: half the output cap."""

import msgspec

from farthing.budgets.thresholds import Reached
from farthing.call.plan import Plan
from farthing.call.rewording import at_most, noted
from farthing.domain.record import Step
from farthing.output.cap import lowered

FLAG = "shortened"


def shorten(plan: Plan, why: Reached) -> Plan:
    """Half the output cap, never below the floor. The caller is told, as of any cap that a budget lowers."""
    wanted = plan.wanted
    halved = lowered(wanted, max(wanted.cap // 2, wanted.floor))
    if halved is wanted:
        return noted(plan, Step("shorten", f"nothing: a cap of {wanted.cap:,} is the smallest worth having", why.words))
    shorter = msgspec.structs.replace(plan, wanted=halved)
    did = f"output cap {halved.cap:,} instead of {wanted.cap:,}: at most {at_most(shorter, halved.cap)}"
    return noted(shorter, Step("shorten", f"{did} instead of {at_most(plan, wanted.cap)}", why.words), FLAG)
