"""Why a call was refused, in words with its numbers, and what there is to do."""

import msgspec

from farthing.domain.budget import Budget
from farthing.domain.labels import matches
from farthing.domain.record import Labels
from farthing.ports.records import CallRecord

ADVICE = {
    "budget_exceeded": "Raise the budget below, wait for its next window, or send a smaller request.",
    "budget_reserved": "Calls in flight held the money; the caller may try again when they have finished.",
    "approval_required": "Answer the request above: the calls that wait go on, or are told no.",
    "suspended": "Somebody suspended it; resume it below.",
    "circuit_open": "A loop or a limit of the guards stopped this agent; look at what it does, then resume it.",
    "unpriced_model": "Nobody knows what this model costs: name its price under [[prices]] in farthing.toml.",
    "provider_overran": "The provider billed more than the cap it was sent; look at that call, then open the model again below.",
    "run_ended": "The run has ended; a new task is a new run.",
    "rate_limited": "A rate of [[limits]] was reached; it reopens by itself.",
}
USUAL = "The call was not sent and cost nothing."


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """One refusal."""

    call: int
    at_ms: int
    code: str
    words: str
    advice: str
    model: str
    labels: Labels
    budgets: tuple[str, ...]
    """The budgets in force that such a call is charged to."""
    was_refused: bool


def refused(record: CallRecord | None, budgets: tuple[Budget, ...]) -> Refused | None:
    """What is known of it; None where there is no such call."""
    if record is None:
        return None
    opening, closing = record.opening, record.closing
    labels = dict(opening.labels)
    is_so = closing is not None and closing.outcome == "refused"
    code = closing.code if closing is not None else ""
    return Refused(
        call=opening.id,
        at_ms=opening.arrived_ms,
        code=code,
        words=(closing.detail if closing is not None else "") or code or "it was not refused",
        advice=ADVICE.get(code, USUAL) if is_so else "This call was not refused.",
        model=opening.model,
        labels=opening.labels,
        budgets=tuple(budget.name for budget in budgets if matches(budget.match, labels)),
        was_refused=is_so,
    )
