"""A call's receipt as its document."""

from datetime import UTC, datetime, timedelta

import msgspec

from farthing.accounts.entries import Entry
from farthing.accounts.receipt import AttemptReceipt, Receipt
from farthing.accounts.receipt_document import (
    AskedView,
    AttemptReceiptView,
    ChargedView,
    CorrectionView,
    EntryView,
    LineView,
    ReceiptView,
    SavingView,
    ShareOfReceipt,
    StepView,
)
from farthing.domain.ids import show
from farthing.domain.money import usd
from farthing.domain.record import Step
from farthing.domain.refusal import amount_text
from farthing.ports.records import Adjustment, Share
from farthing.pricing.cost import Line
from farthing.pricing.naive import Saving


def view(receipt: Receipt) -> ReceiptView:
    """The document of one call."""
    opening, closing = receipt.call.opening, receipt.call.closing
    return ReceiptView(
        call=show("call", opening.id),
        arrived_at=at(opening.arrived_ms),
        key=opening.key,
        labels=dict(opening.labels),
        asked=_asked(receipt),
        outcome=closing.outcome if closing else None,
        status=closing.status if closing else None,
        code=closing.code if closing else "",
        detail=closing.detail if closing else "",
        took_ms=closing.finished_ms - opening.arrived_ms if closing else None,
        first_byte_ms=closing.first_byte_ms if closing else None,
        attempts=tuple(map(_attempt, receipt.attempts)),
        entries=tuple(map(_entry, receipt.entries)),
        adjustments=tuple(_correction(each, opening.id) for each in receipt.call.adjustments),
        naive_usd=usd(receipt.naive_nanos),
        savings=saving_views(receipt.savings),
        cost_usd=usd(receipt.nanos),
        complete=receipt.complete,
        adds_up=receipt.explained,
    )


def at(ms: int) -> datetime:
    """Milliseconds since 1970 as a moment in UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def line_view(line: Line) -> LineView:
    return LineView(kind=line.kind, tokens=line.tokens, picos_each=line.picos_each, picos=line.picos)


def saving_views(savings: tuple[Saving, ...]) -> tuple[SavingView, ...]:
    return tuple(SavingView(cause=saving.cause, usd=usd(saving.nanos)) for saving in savings)


def _asked(receipt: Receipt) -> AskedView:
    opening, skeleton = receipt.call.opening, receipt.call.skeleton
    return AskedView(
        model=opening.model,
        dialect=opening.dialect,
        streamed=opening.streamed,
        output_cap=opening.cap_asked,
        messages=len(skeleton.messages),
        text_bytes=skeleton.text_bytes,
        tools=len(skeleton.tool_names),
        media=skeleton.media,
        prompt_digest=skeleton.prompt_digest,
    )


def _attempt(attempt: AttemptReceipt) -> AttemptReceiptView:
    record, opening = attempt.record, attempt.record.opening
    settled = record.cost_nanos is not None
    return AttemptReceiptView(
        ordinal=opening.ordinal,
        provider=opening.provider,
        model=opening.model,
        served_model=record.served_model,
        state=record.state,
        source=record.source,
        reason=record.reason,
        flags=record.flags,
        steps=tuple(map(_step, attempt.steps)),
        bound=opening.bound,
        input_bound=opening.input_bound,
        output_cap=record.cap,
        choices=opening.choices,
        worst_usd=_dollars(attempt.worst_nanos),
        usage=record.usage,
        tier=record.tier or "standard",
        lines=tuple(map(line_view, attempt.lines)),
        unexplained=attempt.unexplained,
        cost_usd=_dollars(record.cost_nanos),
        remainder_picos=record.remainder_picos,
        naive_usd=usd(attempt.way.naive_nanos) if settled else None,
        savings=saving_views(attempt.way.savings),
        book=opening.book,
        shares=tuple(map(_share, record.shares)),
        opened_at=at(opening.opened_ms),
        settled_at=None if record.settled_ms is None else at(record.settled_ms),
        due_at=at(record.due_ms) if record.state == "unknown" and record.due_ms is not None else None,
    )


def _step(step: Step) -> StepView:
    return StepView(
        stage=step.stage,
        did=step.did,
        why=step.why,
        saves_usd=_dollars(step.saves_nanos),
        costs_usd=_dollars(step.costs_nanos),
    )


def _share(share: Share) -> ShareOfReceipt:
    account = share.account
    return ShareOfReceipt(
        budget=account.budget,
        value=account.value,
        window=account.window,
        unit=account.unit.value,
        held=amount_text(account.unit, share.held),
        posted=None if share.posted is None else amount_text(account.unit, share.posted),
        amount=amount_text(account.unit, share.amount),
    )


def _entry(entry: Entry) -> EntryView:
    account = entry.account
    return EntryView(
        at=at(entry.at_ms),
        attempt=entry.attempt,
        act=entry.act,
        budget=account.budget,
        value=account.value,
        window=account.window,
        unit=account.unit.value,
        held=amount_text(account.unit, entry.held),
        posted=amount_text(account.unit, entry.posted),
    )


class _Noted(msgspec.Struct):
    """What a store noted beside a correction; its own bookkeeping stays there."""

    state: str | int = ""
    source: str | None = None
    cost_nanos: int | None = None


_STATES = ("held", "unknown", "settled", "void")


def charged(document: str) -> ChargedView:
    """How an attempt stood, by what was noted beside a correction."""
    noted = msgspec.json.decode(document, type=_Noted)
    state = _STATES[noted.state] if isinstance(noted.state, int) else noted.state
    return ChargedView(state=state, source=noted.source or "", cost_usd=_dollars(noted.cost_nanos))


def _correction(each: Adjustment, call: int) -> CorrectionView:
    return CorrectionView(
        attempt=each.attempt - call,
        at=at(each.at_ms),
        by=each.by,
        reason=each.reason,
        before=charged(each.before),
        after=charged(each.after),
    )


def _dollars(nanos: int | None) -> str | None:
    return None if nanos is None else usd(nanos)
