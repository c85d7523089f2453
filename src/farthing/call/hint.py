"""Hint: tell the model what is left, so that it takes the shorter way."""

from farthing.budgets.thresholds import MILLION, Reached, spent_of
from farthing.call.plan import Plan
from farthing.call.rewording import noted, reworded
from farthing.domain.money import nanos_from_picos
from farthing.domain.record import Step
from farthing.domain.refusal import amount_text
from farthing.pricing.worst import Bound

FLAG = "hinted"


def hint(plan: Plan, why: Reached) -> Plan:
    """The plan with a note at the end of what the model reads. Nothing before it changes, so every cached prefix holds; the
    note itself is priced like any other input."""
    draft = plan.arrival.draft
    told = draft.saying(note(why))
    if told is draft:
        return noted(plan, Step("hint", "nothing: the body has no place for a text of ours", why.words))
    more = told.asked.text_bytes - draft.asked.text_bytes
    hinted = reworded(plan, told)
    did = f"told the model what is left, in {more} bytes behind all that is cached: the cached prefix stays as it was"
    step = Step("hint", did, why.words, costs_nanos=_dearer(plan, hinted))
    return noted(hinted, step, FLAG)


def _dearer(before: Plan, after: Plan) -> int | None:
    """What the note costs at most: its bytes as input tokens."""
    if not isinstance(before.worst, Bound) or not isinstance(after.worst, Bound):
        return None
    return nanos_from_picos(max(after.worst.base_picos - before.worst.base_picos, 0))


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
