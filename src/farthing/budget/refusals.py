"""A declined reserve as a refusal that says what happened, the numbers and what to do."""

from farthing.domain.budget import Standing
from farthing.domain.hold import Declined
from farthing.domain.refusal import Refusal, amount_text

RETRY_SECONDS = 5
"""What `Retry-After` says when the money is only held by calls in flight."""


def declined(no: Declined, gate: str) -> Refusal:
    """Render the ledger's answer. `gate` is the `provider/model` that was asked."""
    if no.code == "provider_overran" or no.standing is None:
        return Refusal(
            code="provider_overran",
            message=f"{gate} billed more output than the cap it was sent, so hard budgets refuse it",
            what_to_do=f"check the call with `farthing calls ls --flag overran_cap`; then `farthing budgets acknowledge {gate}`",
            standing=no.standing,
        )
    standing = no.standing
    where = f"the budget {standing.account.budget!r}" + (f" of {standing.account.value}" if standing.account.value else "")
    if no.code == "budget_reserved":
        return Refusal(
            code="budget_reserved",
            message=f"{where} has the money, but calls in flight hold it: {_numbers(standing)}",
            what_to_do="try again when they have finished, or send smaller output caps",
            standing=standing,
            retry_after_seconds=RETRY_SECONDS,
        )
    return Refusal(
        code="budget_exceeded",
        message=f"{where} cannot pay for this call: {_numbers(standing)}",
        what_to_do=f"raise it with `farthing budgets raise {standing.account.budget!r}`"
        + (", wait for its next window" if standing.closes_ms else "")
        + ", or send a smaller request",
        standing=standing,
    )


def _numbers(standing: Standing) -> str:
    unit = standing.account.unit
    spent = amount_text(unit, standing.posted + standing.unknown)
    limit = amount_text(unit, standing.limit or 0)
    held, needed = amount_text(unit, standing.held), amount_text(unit, standing.needed)
    return f"{spent} of {limit} {unit.value} spent, {held} held, {needed} needed"
