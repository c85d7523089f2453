"""Calls as the admin side shows them: ids as people see them, moments in ISO 8601, money as decimal strings."""

from datetime import datetime
from typing import Any

import msgspec

from farthing.accounts.shape import gap_ms
from farthing.domain.budget import Unit
from farthing.domain.ids import show
from farthing.domain.money import usd
from farthing.domain.record import Step
from farthing.domain.refusal import amount_text
from farthing.domain.usage import Usage
from farthing.gateway.admin import skeleton_view
from farthing.gateway.admin.shown import at, moment
from farthing.ports.records import Adjustment, AttemptRecord, CallRecord, CallSummary, Share


class CallLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of calls."""

    id: str
    arrived_at: datetime
    finished_at: datetime | None
    key: str
    labels: dict[str, str]
    model: str
    streamed: bool
    outcome: str
    """`paid`, `refused`, `unknown`, `unsent`, `failed`; "" while it runs."""
    code: str
    status: int | None
    attempts: int
    input_tokens: int
    output_tokens: int
    cost_usd: str
    """Of what is settled and priced; the three counts below say how far that is the whole."""
    estimated: int
    unpriced: int
    open: int


class CallPage(msgspec.Struct, frozen=True):
    """Calls, the newest first."""

    calls: tuple[CallLine, ...]
    next: str | None
    """Give it as `before` for the next page; null on the last one. With a filter a page may have fewer calls than `limit`,
    even none, and go on: it ends after so many calls were looked through."""


class ShareView(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt holds of, or has posted to, one account."""

    budget: str
    value: str
    window: str
    unit: Unit
    amount: str


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one provider."""

    ordinal: int
    provider: str
    model: str
    served_model: str
    response_id: str
    state: str
    """`held`, `unknown`, `settled` or `void`."""
    source: str
    """Who says what it cost: `provider`, `estimate` or `operator`; "" until settled."""
    reason: str
    flags: tuple[str, ...]
    steps: tuple[Step, ...]
    """What stages did to it: [stage, what, why, expected saving and cost in nano-dollars or null]."""
    finish: str
    bound: str
    input_bound: int
    output_cap: int
    usage: Usage | None
    cost_usd: str | None
    remainder_picos: int
    """What rounding up to whole nano-dollars added, in pico-dollars."""
    book: str
    shares: tuple[ShareView, ...]
    opened_at: datetime
    settled_at: datetime | None
    due_at: datetime | None
    """When the policy charges an unknown outcome."""


class ChargeView(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt was charged, and who said so."""

    source: str
    cost_usd: str | None
    input_tokens: int
    output_tokens: int


class AdjustmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A correction, with what stood there before and after."""

    attempt: int
    at: datetime
    by: str
    reason: str
    before: ChargeView
    after: ChargeView


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on record of one call."""

    id: str
    arrived_at: datetime
    finished_at: datetime | None
    first_byte_ms: int | None
    gap_ms: int | None
    """From the end of the call before it in its run; null for the first."""
    key: str
    labels: dict[str, str]
    dialect: str
    route: str
    model: str
    streamed: bool
    output_cap_asked: int | None
    outcome: str
    status: int | None
    code: str
    detail: str
    cost_usd: str
    """Of what is settled and priced."""
    attempts: tuple[AttemptView, ...]
    adjustments: tuple[AdjustmentView, ...]
    skeleton: skeleton_view.SkeletonView


def line(call: CallSummary) -> CallLine:
    """A summary as a line."""
    return CallLine(
        id=show("call", call.id),
        arrived_at=at(call.arrived_ms),
        finished_at=moment(call.finished_ms),
        key=call.key,
        labels=dict(call.labels),
        model=call.model,
        streamed=call.streamed,
        outcome=call.outcome,
        code=call.code,
        status=call.status,
        attempts=call.attempts,
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cost_usd=usd(call.cost_nanos),
        estimated=call.estimated,
        unpriced=call.unpriced,
        open=call.open,
    )


def view(record: CallRecord, before: CallSummary | None = None) -> CallView:
    """A whole record. `before` is the call before it in its run."""
    opening, closing = record.opening, record.closing
    return CallView(
        id=show("call", opening.id),
        arrived_at=at(opening.arrived_ms),
        finished_at=moment(closing.finished_ms) if closing else None,
        first_byte_ms=closing.first_byte_ms if closing else None,
        gap_ms=gap_ms(record, before),
        key=opening.key,
        labels=dict(opening.labels),
        dialect=opening.dialect,
        route=opening.route,
        model=opening.model,
        streamed=opening.streamed,
        output_cap_asked=opening.cap_asked,
        outcome=closing.outcome if closing else "",
        status=closing.status if closing else None,
        code=closing.code if closing else "",
        detail=closing.detail if closing else "",
        cost_usd=usd(sum(attempt.cost_nanos or 0 for attempt in record.attempts)),
        attempts=tuple(map(_attempt, record.attempts)),
        adjustments=tuple(_adjustment(each, record) for each in record.adjustments),
        skeleton=skeleton_view.view(record),
    )


def _attempt(record: AttemptRecord) -> AttemptView:
    opening = record.opening
    return AttemptView(
        ordinal=opening.ordinal,
        provider=opening.provider,
        model=opening.model,
        served_model=record.served_model,
        response_id=record.response_id,
        state=record.state,
        source=record.source,
        reason=record.reason,
        flags=record.flags,
        steps=opening.steps,
        finish=record.finish,
        bound=opening.bound,
        input_bound=opening.input_bound,
        output_cap=record.cap,
        usage=record.usage,
        cost_usd=None if record.cost_nanos is None else usd(record.cost_nanos),
        remainder_picos=record.remainder_picos,
        book=opening.book,
        shares=tuple(map(_share, record.shares)),
        opened_at=at(opening.opened_ms),
        settled_at=moment(record.settled_ms),
        due_at=moment(record.due_ms),
    )


def _share(share: Share) -> ShareView:
    account = share.account
    return ShareView(
        budget=account.budget,
        value=account.value,
        window=account.window,
        unit=account.unit,
        amount=amount_text(account.unit, share.amount),
    )


def _adjustment(each: Adjustment, record: CallRecord) -> AdjustmentView:
    return AdjustmentView(
        attempt=each.attempt - record.opening.id,
        at=at(each.at_ms),
        by=each.by,
        reason=each.reason,
        before=_charge(each.before),
        after=_charge(each.after),
    )


def _charge(document: str) -> ChargeView:
    """What a store noted beside a correction; its own bookkeeping stays there."""
    noted: dict[str, Any] = msgspec.json.decode(document)
    nanos = noted.get("cost_nanos")
    usage = noted.get("usage") or noted
    return ChargeView(
        source=str(noted.get("source", "")),
        cost_usd=None if nanos is None else usd(nanos),
        input_tokens=int(usage.get("input_tokens", 0)),
        output_tokens=int(usage.get("output_tokens", 0)),
    )
