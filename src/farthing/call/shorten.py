"""Shorten: half the output cap."""

import msgspec

from farthing.budget.thresholds import Reached
from farthing.call.plan import Plan
from farthing.call.rewording import at_most, noted
from farthing.output.cap import lowered

FLAG = "shortened"


def shorten(plan: Plan, why: Reached) -> Plan:
    """Half the output cap, never below the floor. The caller is told, as of any cap that a budget lowers."""
    wanted = plan.wanted
    halved = lowered(wanted, max(wanted.cap // 2, wanted.floor))
    if halved is wanted:
        return noted(plan, f"not shortened: its cap of {wanted.cap} is the smallest worth having")
    shorter = msgspec.structs.replace(plan, wanted=halved)
    saving = f"at most {at_most(shorter, halved.cap)} instead of {at_most(plan, wanted.cap)}"
    return noted(shorter, f"output cap {halved.cap} instead of {wanted.cap}, since {why.words}: {saving}", FLAG)
