"""A refusal: the one value that every door renders in its own dialect."""

import msgspec

from farthing.domain.budget import Standing, Unit
from farthing.domain.money import usd


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a call was not sent, with the numbers and what to do. Amounts are in the unit's base."""

    code: str
    """`budget_exceeded`, `budget_reserved`, `provider_overran`, `unpriced_model`, `uncapped_feature`, `suspended`, `approval_required`, …"""
    message: str
    what_to_do: str
    status: int = 402
    standing: Standing | None = None
    field: str = ""
    retry_after_seconds: int | None = None
    approval: str = ""
    """The id of the approval that is asked for, or was declined."""

    @staticmethod
    def approval_address(id: str) -> str:
        """Where an approval is looked at and decided, below the gateway's own address."""
        return f"/farthing/v1/approvals/{id}"


def amount_text(unit: Unit, amount: int) -> str:
    """An amount in its unit as the decimal string the contract asks for: money with a point, counts whole."""
    return usd(amount) if unit.currency else str(amount)
