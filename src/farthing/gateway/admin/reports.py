"""Reports over HTTP: exact sums of what was used by any label, and how it is spread."""

import asyncio
from datetime import datetime
from typing import Any

import msgspec

from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest
from farthing.domain.record import Labels
from farthing.gateway.admin.endpoint import Asked, Endpoint
from farthing.gateway.admin.outcome_views import SuccessLine, WorkflowLine, success_line, workflow_line
from farthing.gateway.admin.report_query import (
    BurnQuery,
    CacheQuery,
    OutcomeQuery,
    UsageQuery,
    WorkflowQuery,
    groups_of,
    span_of,
    where_of,
)
from farthing.gateway.admin.report_views import (
    BurnView,
    CacheView,
    ModelLine,
    UsageLine,
    UsageSums,
    burn_view,
    cache_view,
    model_line,
    usage_line,
    usage_sums,
)
from farthing.gateway.admin.shown import at
from farthing.ports.history import RunRow
from farthing.ports.records import UsageRow
from farthing.reports import forecast
from farthing.reports.caches import over_time
from farthing.reports.models import distribution
from farthing.reports.rates import total
from farthing.reports.success import cost_per_success
from farthing.reports.workflows import benchmarks

_RUNS_PAGE = 5_000


class UsageReport(msgspec.Struct, frozen=True, kw_only=True):
    """Exact sums of calls that arrived in `since <= t < until`."""

    since: datetime
    until: datetime
    by: tuple[str, ...]
    rows: tuple[UsageLine, ...]
    total: UsageSums


class ModelReport(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of one whole, the dearest first."""

    since: datetime
    until: datetime
    by: tuple[str, ...]
    rows: tuple[ModelLine, ...]


class CacheReport(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the input was read from providers' caches."""

    since: datetime
    until: datetime
    by: tuple[str, ...]
    step: str
    rows: tuple[CacheView, ...]


class WorkflowReport(msgspec.Struct, frozen=True, kw_only=True):
    """What runs of each kind usually cost, the dearest kind first."""

    since: datetime
    until: datetime
    by: str
    complete: bool
    """False where there were more runs than `most`: then it is the newest of them."""
    rows: tuple[WorkflowLine, ...]


class OutcomeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a success costs. Runs count by their first call."""

    since: datetime
    until: datetime
    by: tuple[str, ...]
    rows: tuple[SuccessLine, ...]


async def report_usage(asked: Asked) -> UsageReport:
    by = groups_of(asked.query.by)
    span, rows = await _usage(asked, by)
    lines = tuple(usage_line(by, row) for row in rows)
    return UsageReport(since=at(span[0]), until=at(span[1]), by=by, rows=lines, total=usage_sums(total(rows)))


async def report_models(asked: Asked) -> ModelReport:
    by = groups_of(asked.query.by)
    span, rows = await _usage(asked, by)
    lines = tuple(model_line(by, each) for each in distribution(rows))
    return ModelReport(since=at(span[0]), until=at(span[1]), by=by, rows=lines)


async def report_cache(asked: Asked) -> CacheReport:
    by, step = groups_of(asked.query.by), asked.query.step
    span, rows = await _usage(asked, (*by, step))
    lines = tuple(cache_view(by, line) for line in over_time(rows))
    return CacheReport(since=at(span[0]), until=at(span[1]), by=by, step=step, rows=lines)


async def report_burn(asked: Asked) -> BurnView:
    engine, where = asked.engine, where_of(asked.query.label)
    now_ms = engine.now_ms()
    await engine.ledger.flush()
    rows = await asyncio.to_thread(
        lambda: engine.history.usage(by=("day",), since_ms=forecast.span_of(now_ms), until_ms=now_ms + 1, where=where)
    )
    return burn_view(forecast.burn(forecast.daily_of(rows), now_ms))


async def report_workflows(asked: Asked) -> WorkflowReport:
    """Raises BadRequest 400 where `by` is more than one label."""
    engine, query = asked.engine, asked.query
    by = groups_of(query.by)
    if len(by) != 1:
        raise BadRequest("by is the one label that makes runs comparable, like workflow", field="by")
    span, where = span_of(query, engine.now_ms()), where_of(query.label)
    await engine.ledger.flush()
    runs = await asyncio.to_thread(_runs, engine, span, where, query.most)
    lines = tuple(map(workflow_line, benchmarks(runs[: query.most], by[0])))
    return WorkflowReport(since=at(span[0]), until=at(span[1]), by=by[0], complete=len(runs) <= query.most, rows=lines)


async def report_outcomes(asked: Asked) -> OutcomeReport:
    engine, query = asked.engine, asked.query
    by, span, where = groups_of(query.by), span_of(query, engine.now_ms()), where_of(query.label)
    await engine.ledger.flush()
    rows = await asyncio.to_thread(
        lambda: engine.history.outcomes(by=by, since_ms=span[0], until_ms=span[1], where=where)
    )
    lines = tuple(success_line(by, cost_per_success(row)) for row in rows)
    return OutcomeReport(since=at(span[0]), until=at(span[1]), by=by, rows=lines)


async def _usage(asked: Asked, by: tuple[str, ...]) -> tuple[tuple[int, int], tuple[UsageRow, ...]]:
    """The time that is meant, and its sums."""
    engine, query = asked.engine, asked.query
    span, where = span_of(query, engine.now_ms()), where_of(query.label)
    await engine.ledger.flush()
    rows = await asyncio.to_thread(lambda: engine.history.usage(by=by, since_ms=span[0], until_ms=span[1], where=where))
    return span, rows


def _runs(engine: Engine, span: tuple[int, int], where: Labels, most: int) -> list[RunRow]:
    """Runs of that time, the newest first; one more than `most` where there are more."""
    found: list[RunRow] = []
    while len(found) <= most:
        wanted = min(_RUNS_PAGE, most + 1 - len(found))
        page = engine.history.runs(since_ms=span[0], until_ms=span[1], where=where, limit=wanted, offset=len(found))
        found += page
        if len(page) < wanted:
            break
    return found


def _get(name: str, summary: str, answer: Any, query: type[msgspec.Struct], gives: Any) -> Endpoint:
    return Endpoint(method="GET", path=f"/reports/{name}", summary=summary, answer=answer, query=query, gives=gives)


ENDPOINTS = (
    _get("usage", "Who spent what: exact sums", report_usage, UsageQuery, UsageReport),
    _get("models", "Which models take what share of calls, tokens and cost", report_models, UsageQuery, ModelReport),
    _get("cache", "Cache hit rates over time", report_cache, CacheQuery, CacheReport),
    _get("burn", "Today, this month so far, and where it will end", report_burn, BurnQuery, BurnView),
    _get("workflows", "What a run of each workflow usually costs", report_workflows, WorkflowQuery, WorkflowReport),
    _get("outcomes", "What a success costs, with intervals", report_outcomes, OutcomeQuery, OutcomeReport),
)
