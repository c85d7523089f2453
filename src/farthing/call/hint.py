"""Hint: tell the model what is left, so that it takes the shorter way."""

from farthing.budget.thresholds import MILLION, Reached, spent_of
from farthing.call.plan import Plan
from farthing.call.rewording import noted, reworded
from farthing.domain.refusal import amount_text

FLAG = "hinted"


def hint(plan: Plan, why: Reached) -> Plan:
    """The plan with a note at the end of what the model reads. Nothing before it changes, so every cached prefix holds; the
    note itself is priced like any other input."""
    draft = plan.arrival.draft
    told = draft.saying(note(why))
    if told is draft:
        return noted(plan, "not hinted: the body has no place for a text of ours")
    more = told.asked.text_bytes - draft.asked.text_bytes
    told_why = f"the model is told what is left, since {why.words}: {more} bytes more, behind all that is cached"
    return noted(reworded(plan, told), told_why, FLAG)


def note(why: Reached) -> str:
    """What the model is told. No budget's name: that is not the model's affair, nor always the caller's."""
    standing = why.standing
    left = max((standing.limit or 0) - spent_of(standing), 0)
    unit = standing.account.unit
    amount = f"{amount_text(unit, left)} {unit.currency or unit.value.replace('_', ' ')}"
    share = max(MILLION - why.used_millionths, 0) * 100 // MILLION
    return (
        f"Budget note: {share} % of the budget for this work is left ({amount}). Take the shortest way to a good result: "
        "prefer few tool calls and short answers, and finish as soon as you can."
    )
