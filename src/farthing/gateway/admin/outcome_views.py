"""Outcomes as the admin side shows them: what runs came to, what they cost beside models, and what a success costs."""

from datetime import datetime
from typing import Any

import msgspec

from farthing.domain.money import usd
from farthing.domain.ranks import Spread
from farthing.gateway.admin.shown import at
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.reports.success import Success
from farthing.reports.workflows import Benchmark


class OutcomeView(msgspec.Struct, frozen=True, kw_only=True):
    """What one run came to."""

    run: str
    at: datetime
    success: bool
    score: float | None
    by: str
    note: str


class CostView(msgspec.Struct, frozen=True, kw_only=True):
    """What a run cost beside models."""

    run: str
    at: datetime
    kind: str
    cost_usd: str
    by: str
    note: str
    once: str


class RunOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a run."""

    run: str
    outcome: OutcomeView | None
    """null where nobody spoke for it."""
    costs: tuple[CostView, ...]
    """In the order they were booked."""


class SuccessView(msgspec.Struct, frozen=True, kw_only=True):
    """What the successes of one group cost."""

    runs: int
    judged: int
    succeeded: int
    cost_usd: str
    judged_usd: str
    failed_usd: str
    """What the judged runs cost that did not succeed."""
    usd_per_success: str | None
    low_usd: str | None
    high_usd: str | None
    """The 95 % interval."""
    why_no_interval: str
    success_rate: float | None
    success_rate_low: float | None
    success_rate_high: float | None
    mean_score: float | None


class SuccessLine(SuccessView, frozen=True, kw_only=True):
    """The same, with the group it is about."""

    group: dict[str, str]


class SpreadView(msgspec.Struct, frozen=True, kw_only=True):
    """Percentiles by nearest rank, in dollars."""

    p50: str
    p90: str
    p99: str
    most: str


class WorkflowLine(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of one kind."""

    group: str
    runs: int
    left_out: int
    """Runs whose cost is not known: they are in no percentile."""
    run_usd: SpreadView
    run_tokens: Spread
    run_calls: Spread
    cost_usd: str
    success: SuccessView


def outcome_view(outcome: Outcome) -> OutcomeView:
    return OutcomeView(
        run=outcome.run,
        at=at(outcome.at_ms),
        success=outcome.success,
        score=outcome.score,
        by=outcome.by,
        note=outcome.note,
    )


def cost_view(cost: OtherCost) -> CostView:
    return CostView(
        run=cost.run,
        at=at(cost.at_ms),
        kind=cost.kind,
        cost_usd=usd(cost.nanos),
        by=cost.by,
        note=cost.note,
        once=cost.once,
    )


def success_view(success: Success) -> SuccessView:
    return SuccessView(**_success(success))


def success_line(by: tuple[str, ...], success: Success) -> SuccessLine:
    return SuccessLine(group=dict(zip(by, success.row.group, strict=True)), **_success(success))


def workflow_line(each: Benchmark) -> WorkflowLine:
    amounts = {name: usd(getattr(each.nanos, name)) for name in Spread.__struct_fields__}
    return WorkflowLine(
        group=each.kind,
        runs=each.runs,
        left_out=each.left_out,
        run_usd=SpreadView(**amounts),
        run_tokens=each.tokens,
        run_calls=each.calls,
        cost_usd=usd(each.cost_nanos),
        success=success_view(each.success),
    )


def _success(success: Success) -> dict[str, Any]:
    row = success.row
    return {
        "runs": row.runs,
        "judged": row.judged,
        "succeeded": row.succeeded,
        "cost_usd": usd(row.cost_nanos),
        "judged_usd": usd(row.judged_nanos),
        "failed_usd": usd(success.failed_nanos),
        "usd_per_success": _maybe(success.nanos),
        "low_usd": _maybe(success.low_nanos),
        "high_usd": _maybe(success.high_nanos),
        "why_no_interval": success.why_no_interval,
        "success_rate": success.rate,
        "success_rate_low": success.rate_low,
        "success_rate_high": success.rate_high,
        "mean_score": success.mean_score,
    }


def _maybe(nanos: int | None) -> str | None:
    return None if nanos is None else usd(nanos)
