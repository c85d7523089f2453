"""Approvals over HTTP: what waits for an answer, and answering it. By administrators, or by keys with the right `approve`
for calls within their own labels."""

import asyncio
from typing import Annotated

import msgspec

from farthing.budgets.asking import within
from farthing.domain.errors import BadRequest
from farthing.domain.ids import read
from farthing.gateway.admin.approval_views import ApprovalPage, ApprovalView, State, approval_view, page_of
from farthing.gateway.admin.endpoint import Asked, Endpoint, missing
from farthing.gateway.admin.shown import amount_in
from farthing.ports.approvals import PREFIX, Approval

MOST = 500
RIGHT = "approve"
Reason = Annotated[str, msgspec.Meta(max_length=500)]


class ApprovalQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which approvals; the newest come first."""

    state: State | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 50
    before: str | None = None
    """The id of an approval: only older ones. `next` of a page is this for the one after it."""


class GrantApproval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Yes."""

    amount: str | None = None
    """A decimal string in the unit of the approval; what is needed if not given."""
    reason: Reason = ""
    """Kept with it."""


class DeclineApproval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No."""

    reason: Reason = ""
    """Kept with it, and told to the callers."""


async def list_approvals(asked: Asked) -> ApprovalPage:
    """A key with the right `approve` sees what it may decide."""
    query: ApprovalQuery = asked.query
    before = None if query.before is None else _number(query.before, "before")
    found: list[Approval] = []
    while True:  # a page may hold little that this key may see
        page = await asyncio.to_thread(
            asked.engine.store.approvals.recent,
            limit=query.limit,
            now_ms=asked.engine.now_ms(),
            before_id=before,
            state=query.state or "",
        )
        found += [each for each in page if _may(asked, each)]
        if len(found) >= query.limit or len(page) < query.limit:
            return page_of(found[: query.limit], query.limit)
        before = page[-1].id


async def show_approval(asked: Asked) -> ApprovalView:
    """Raises BadRequest 404, also for what the key may not decide."""
    return approval_view(await _find(asked))


async def grant_approval(asked: Asked) -> ApprovalView:
    """Waiting calls go on. Who was second is shown the first one's decision. Raises BadRequest 404, 409 where it expired."""
    found = await _find(asked)
    wanted: GrantApproval = asked.body
    unit = found.petition.account.unit
    amount = None if wanted.amount is None else amount_in(unit, wanted.amount, "amount")
    engine = asked.engine
    done = await asyncio.to_thread(
        engine.store.approvals.grant,
        found.id,
        by=asked.by,
        reason=wanted.reason,
        amount=amount,
        now_ms=engine.now_ms(),
    )
    await engine.take_up()
    return approval_view(done)


async def decline_approval(asked: Asked) -> ApprovalView:
    """Waiting calls are refused. Who was second is shown the first one's decision. Raises as granting does."""
    found = await _find(asked)
    engine = asked.engine
    done = await asyncio.to_thread(
        engine.store.approvals.decline, found.id, by=asked.by, reason=asked.body.reason, now_ms=engine.now_ms()
    )
    await engine.take_up()
    return approval_view(done)


def _may(asked: Asked, approval: Approval) -> bool:
    """Whether whoever asks may decide this. Others cannot tell it from one that is not there."""
    return asked.is_admin or asked.maker is None or within(approval.petition.scope, asked.maker.labels)


async def _find(asked: Asked) -> Approval:
    shown, engine = asked.named["id"], asked.engine
    number = _number(shown, "path")
    found = await asyncio.to_thread(engine.store.approvals.find, number, engine.now_ms())
    if found is None or not _may(asked, found):
        raise missing("approval", shown[:40])
    return found


def _number(shown: str, field: str) -> int:
    """Raises BadRequest 404 for what is no id, 400 where it is a parameter."""
    try:
        number = read(PREFIX, shown)
    except ValueError as error:
        if field == "path":
            raise missing("approval", shown[:40]) from None
        raise BadRequest(str(error)[:200], field=field) from error
    return min(number, 2**63 - 1)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/approvals",
        summary="What waits for an answer and what was answered, page by page",
        answer=list_approvals,
        query=ApprovalQuery,
        gives=ApprovalPage,
        right=RIGHT,
    ),
    Endpoint(
        method="GET",
        path="/approvals/{id}",
        summary="One approval",
        answer=show_approval,
        gives=ApprovalView,
        right=RIGHT,
    ),
    Endpoint(
        method="POST",
        path="/approvals/{id}/grant",
        summary="Let the calls go on, with this much more; audited",
        answer=grant_approval,
        takes=GrantApproval,
        gives=ApprovalView,
        right=RIGHT,
    ),
    Endpoint(
        method="POST",
        path="/approvals/{id}/decline",
        summary="Refuse the calls; audited",
        answer=decline_approval,
        takes=DeclineApproval,
        gives=ApprovalView,
        right=RIGHT,
    ),
)
