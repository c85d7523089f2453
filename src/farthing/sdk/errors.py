"""What the SDK raises: refusals with their numbers, before anything is sent.

    FarthingError
    ├── Refused            policy says no; nothing was sent
    │   ├── BudgetExceeded     a budget cannot pay
    │   └── NoBudget           no budget is in scope, and calls without one are not wanted
    └── Misused            the SDK was asked for something that cannot be: says what to write instead

Raised by a wrapped client, a refusal is also that client's own `APIStatusError`.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from farthing.budgets.refusals import called
from farthing.domain.errors import FarthingError, Theirs

BUDGET_CODES = frozenset(("budget_exceeded", "budget_reserved"))
NO_BUDGET = "no_budget"
RUN_ENDED = "run_ended"


class Refused(FarthingError):
    """A call that policy did not allow. Nothing was sent and nothing was charged."""

    code = ""
    """`budget_exceeded`, `suspended`, `circuit_open`, `unpriced_model`, …: `docs/reference/errors.md` lists them all."""
    what_to_do = ""
    approval = ""
    """The id of the approval that is asked for; "" where none is."""


class BudgetExceeded(Refused):
    """A budget cannot pay for the worst case of this call. Amounts are in `unit`: dollars as `Decimal`, or counts."""

    budget = ""
    """Its name: `run.name` of a block of code, or what the file calls it."""
    unit = ""
    """`usd`, `tokens`, `calls`, or another currency's code."""
    limit: Decimal | None = None
    spent: Decimal | None = None
    reserved: Decimal | None = None
    """Held by calls in flight."""
    needed: Decimal | None = None
    resets_at: str | None = None
    """When the budget's window turns, in UTC; None where it never does."""


class NoBudget(Refused):
    """No budget is in scope: put the call into `with farthing.budget("$1"):`."""


class Misused(Theirs):
    """Something that cannot be; the message says what to write instead."""


for _kind in (Refused, BudgetExceeded, NoBudget, Misused):  # as tracebacks should name them, and programs import them
    _kind.__module__ = "farthing"


def kind_of(code: str) -> type[Refused]:
    """The exception for a refusal's code."""
    if code in BUDGET_CODES:
        return BudgetExceeded
    return NoBudget if code == NO_BUDGET else Refused


def describe(error: Refused, body: object) -> bool:
    """Take what a refusal says of itself from its body, of either dialect; False where the body is no refusal of ours."""
    told, code = _told(body)
    if told is None:
        return False
    error.code = code
    error.what_to_do = str(told.get("what_to_do", ""))
    error.approval = str(told.get("approval", ""))
    if isinstance(error, BudgetExceeded):
        error.budget = called(str(told.get("budget", "")))
        error.unit = str(told.get("unit", ""))
        error.resets_at = told.get("resets_at")
        for name in ("limit", "spent", "reserved", "needed"):
            setattr(error, name, _amount(told.get(name)))
    return True


def code_in(body: object) -> str:
    """The code of a refusal of ours; "" where the body is none."""
    told, code = _told(body)
    return "" if told is None else code


def message_in(body: object) -> str:
    """The words of a refusal, without what a client writes before them; "" where there are none."""
    inner = body.get("error", body) if isinstance(body, dict) else None
    return str(inner.get("message") or "") if isinstance(inner, dict) else ""


def _told(body: object) -> tuple[dict[str, Any] | None, str]:
    """Our own part of an error body, and its code. OpenAI's clients hand over the inside of `error`, Anthropic's the whole."""
    if not isinstance(body, dict):
        return None, ""
    inner = body.get("error")
    for place in (body, inner):
        if isinstance(place, dict) and isinstance(place.get("farthing"), dict):
            told = place["farthing"]
            return told, str(told.get("code") or place.get("code") or "")
    return None, ""


def _amount(text: object) -> Decimal | None:
    try:
        return None if text is None else Decimal(str(text))
    except InvalidOperation:
        return None
