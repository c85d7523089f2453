"""Approvals as the admin side and the commands show them: amounts are decimal strings, each beside its unit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from farthing.domain.budget import Unit
from farthing.domain.ids import show
from farthing.domain.refusal import Refusal, amount_text
from farthing.gateway.admin.shown import at, moment
from farthing.ports.approvals import PREFIX, Approval

State = Literal["pending", "granted", "declined", "expired"]


class ApprovalView(msgspec.Struct, frozen=True, kw_only=True):
    """One request, on behalf of the call that asked first, and what was decided."""

    id: str
    url: str
    state: State
    why: str
    """`limit`, or like `threshold 0.8`."""
    budget: str
    value: str
    """Which of the budgets, where there is one for each value of a label."""
    windows: tuple[str, ...]
    """The windows that a grant adds to: one, or each open one of a rolling budget."""
    unit: Unit
    needed: str
    """What is granted unless another amount is named: enough for the hungriest of the calls that asked."""
    limit: str | None
    """When it was asked, like `spent`."""
    spent: str
    worst_case: str
    """The most that such a call may cost."""
    call: str
    key: str
    labels: dict[str, str]
    model: str
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str
    granted: str | None
    """The amount that was added; null unless it was granted."""
    reason: str


class ApprovalPage(msgspec.Struct, frozen=True):
    """The newest requests first."""

    approvals: tuple[ApprovalView, ...]
    next: str | None
    """Give this as `before` for the page after this one; null on the last."""


def page_of(found: Sequence[Approval], limit: int) -> ApprovalPage:
    """A page of at most `limit`."""
    more = show(PREFIX, found[-1].id) if len(found) == limit else None
    return ApprovalPage(tuple(map(approval_view, found)), more)


def approval_view(approval: Approval) -> ApprovalView:
    """A request as it stands."""
    petition, shown = approval.petition, show(PREFIX, approval.id)
    unit = petition.account.unit
    return ApprovalView(
        id=shown,
        url=Refusal.approval_address(shown),
        state=approval.state,  # type: ignore[arg-type]  # one of the four
        why=petition.why,
        budget=petition.budget,
        value=petition.account.value,
        windows=tuple(account.window for account, _ in petition.accounts),
        unit=unit,
        needed=amount_text(unit, petition.short),
        limit=None if petition.limit is None else amount_text(unit, petition.limit),
        spent=amount_text(unit, petition.spent),
        worst_case=amount_text(unit, petition.worst),
        call=show("call", petition.call),
        key=petition.key,
        labels=dict(petition.labels),
        model=petition.model,
        asked_at=at(approval.asked_ms),
        expires_at=at(approval.expires_ms),
        decided_at=moment(approval.decided_ms),
        decided_by=approval.by,
        granted=amount_text(unit, approval.amount) if approval.state == "granted" else None,
        reason=approval.reason,
    )
