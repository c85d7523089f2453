"""The words and the numbers of a refusal, the same in every dialect."""

from datetime import UTC, datetime
from typing import Any

from farthing.domain.budget import Standing, Unit
from farthing.domain.money import usd
from farthing.domain.refusal import Refusal, amount_text


def sentences(refusal: Refusal) -> str:
    """What happened and what to do, as two sentences."""
    return f"{_begun(refusal.message)}. {_begun(refusal.what_to_do)}."


def _begun(text: str) -> str:
    """With a capital, unless it begins with a name: of a model, or of a field."""
    return text[:1].upper() + text[1:] if text.partition(" ")[0].rstrip(",").isalpha() else text


def figures(refusal: Refusal) -> dict[str, Any]:
    """What stands under `farthing` in a refusal's body. Amounts are decimal strings in the budget's unit, and once more in dollars (null for other units). `spent` has
    what attempts of unknown outcome may have cost; `reserved` is held by calls in flight. Without a budget, no numbers."""
    named = {"code": refusal.code, **({"field": refusal.field} if refusal.field else {})}
    numbers = _numbers(refusal.standing) if refusal.standing is not None else {}
    asked = {"approval": refusal.approval, "approval_url": refusal.approval_address(refusal.approval)}
    return {**named, **numbers, **(asked if refusal.approval else {}), "what_to_do": refusal.what_to_do}


def _numbers(standing: Standing) -> dict[str, Any]:
    unit = standing.account.unit
    amounts = {
        "limit": standing.limit,
        "spent": standing.posted + standing.unknown,
        "reserved": standing.held,
        "needed": standing.needed,
    }
    shown = {name: None if amount is None else amount_text(unit, amount) for name, amount in amounts.items()}
    dollars = {
        f"{name}_usd": usd(amount) if unit is Unit.USD and amount is not None else None
        for name, amount in amounts.items()
    }
    return {
        "budget": standing.account.budget,
        "unit": unit.value,
        **shown,
        **dollars,
        "resets_at": _moment(standing.closes_ms),
    }


def _moment(ms: int) -> str | None:
    """RFC 3339 in UTC; None for a window that never closes."""
    return datetime.fromtimestamp(ms // 1_000, UTC).isoformat().replace("+00:00", "Z") if ms else None
