"""The receipt of a run as a document: stable, and the same from the command line and over HTTP."""

from datetime import datetime

import msgspec

from farthing.accounts.receipt_document import LineView, SavingView
from farthing.accounts.receipt_view import at, line_view, saving_views
from farthing.accounts.run_receipt import Part, RunReceipt, Turn
from farthing.domain.ids import show
from farthing.domain.money import usd
from farthing.domain.usage import Usage
from farthing.ports.outcomes import OtherCost, Outcome


class PartView(msgspec.Struct, frozen=True, kw_only=True):
    """The part of one step, agent or model."""

    name: str
    attempts: int
    input_tokens: int
    output_tokens: int
    cost_usd: str
    naive_usd: str


class TurnView(msgspec.Struct, frozen=True, kw_only=True):
    """One call of the run."""

    call: str
    arrived_at: datetime
    model: str
    outcome: str
    input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    cost_usd: str


class JudgedView(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says the run came to."""

    success: bool
    score: float | None
    by: str
    note: str
    at: datetime


class OtherCostView(msgspec.Struct, frozen=True, kw_only=True):
    """What it cost beside models."""

    kind: str
    cost_usd: str
    by: str
    note: str
    at: datetime


class RunReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """The whole account of one run."""

    run: str
    calls: int
    refused: int
    attempts: int
    open: int
    unpriced: int
    usage: Usage
    lines: tuple[LineView, ...]
    unexplained_usd: str
    """The part of `cost_usd` that stands in no line."""
    naive_usd: str
    """What the same would have cost as it was asked; `cost_usd` is this less all savings, exactly."""
    savings: tuple[SavingView, ...]
    cost_usd: str
    other_usd: str
    total_usd: str
    """Models and everything beside them."""
    by_step: tuple[PartView, ...]
    by_agent: tuple[PartView, ...]
    by_model: tuple[PartView, ...]
    turns: tuple[TurnView, ...]
    outcome: JudgedView | None
    other_costs: tuple[OtherCostView, ...]


def run_view(run: str, receipt: RunReceipt) -> RunReceiptView:
    """The document of one run."""
    return RunReceiptView(
        run=run,
        calls=receipt.calls,
        refused=receipt.refused,
        attempts=receipt.attempts,
        open=receipt.open,
        unpriced=receipt.unpriced,
        usage=receipt.usage,
        lines=tuple(map(line_view, receipt.lines)),
        unexplained_usd=usd(receipt.unexplained_nanos),
        naive_usd=usd(receipt.naive_nanos),
        savings=saving_views(receipt.savings),
        cost_usd=usd(receipt.nanos),
        other_usd=usd(receipt.other_nanos),
        total_usd=usd(receipt.all_nanos),
        by_step=_parts(receipt, "step"),
        by_agent=_parts(receipt, "agent"),
        by_model=_parts(receipt, "model"),
        turns=tuple(map(_turn, receipt.turns)),
        outcome=None if receipt.outcome is None else _judged(receipt.outcome),
        other_costs=tuple(map(_other, receipt.others)),
    )


def _parts(receipt: RunReceipt, group: str) -> tuple[PartView, ...]:
    return tuple(map(_part, receipt.parts.get(group, ())))


def _part(part: Part) -> PartView:
    return PartView(
        name=part.name,
        attempts=part.attempts,
        input_tokens=part.input_tokens,
        output_tokens=part.output_tokens,
        cost_usd=usd(part.nanos),
        naive_usd=usd(part.naive_nanos),
    )


def _turn(turn: Turn) -> TurnView:
    return TurnView(
        call=show("call", turn.call),
        arrived_at=at(turn.arrived_ms),
        model=turn.model,
        outcome=turn.outcome,
        input_tokens=turn.input_tokens,
        cache_read_input_tokens=turn.cache_read_input_tokens,
        output_tokens=turn.output_tokens,
        cost_usd=usd(turn.nanos),
    )


def _judged(outcome: Outcome) -> JudgedView:
    return JudgedView(
        success=outcome.success, score=outcome.score, by=outcome.by, note=outcome.note, at=at(outcome.at_ms)
    )


def _other(cost: OtherCost) -> OtherCostView:
    return OtherCostView(kind=cost.kind, cost_usd=usd(cost.nanos), by=cost.by, note=cost.note, at=at(cost.at_ms))
