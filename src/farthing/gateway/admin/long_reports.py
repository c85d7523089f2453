"""Reports over HTTP that read whole calls instead of sums: drivers of cost, and context by turn. Bounded by `most`."""

import asyncio
from datetime import datetime

import msgspec

from farthing.config.engine import Engine
from farthing.config.wiring import cards_of
from farthing.domain.errors import BadRequest
from farthing.domain.money import usd
from farthing.gateway.admin.endpoint import Asked, Endpoint
from farthing.gateway.admin.report_query import ContextQuery, DriverQuery, groups_of, span_of, where_of
from farthing.gateway.admin.report_views import ContextTurn, DriverReport, driver_lines, turn_view
from farthing.gateway.admin.shown import at
from farthing.reports.context import Contexts
from farthing.reports.division import divide
from farthing.reports.reading import Span, calls, look
from farthing.reports.siblings import siblings_among


class ContextReport(msgspec.Struct, frozen=True, kw_only=True):
    """How prompts grow from call to call of an agent in its run."""

    since: datetime
    """What is really covered: later than was asked for where there were more calls than `most`."""
    until: datetime
    complete: bool
    calls: int
    runs: int
    turns: tuple[ContextTurn, ...]


async def report_drivers(asked: Asked) -> DriverReport:
    engine, query = asked.engine, asked.query
    by = groups_of(query.by, least=0)
    span = span_of(query, engine.now_ms())
    where = where_of(query.label)
    await engine.ledger.flush()
    found = await asyncio.to_thread(
        lambda: divide(
            engine.records,
            span_ms=span,
            where=where,
            by=by,
            siblings=siblings_among(_models(engine, span), cards_of(engine.rules)),
            card_of=cards_of(engine.rules),
            most=query.most,
        )
    )
    return DriverReport(
        since=at(found.since_ms),
        until=at(span[1]),
        by=by,
        complete=found.complete,
        calls=found.calls,
        calls_in_runs=found.in_runs,
        cost_usd=usd(found.nanos),
        rows=driver_lines(by, found),
    )


async def report_context(asked: Asked) -> ContextReport:
    engine, query = asked.engine, asked.query
    span = span_of(query, engine.now_ms())
    where = where_of(query.label)
    await engine.ledger.flush()

    def read() -> tuple[Span, Contexts]:
        contexts = Contexts()
        covered = look(engine.records, span_ms=span, where=where, most=query.most, visit=lambda _: None)
        for record in calls(engine.records, covered.ids):
            contexts.take(record)
        return covered, contexts

    covered, contexts = await asyncio.to_thread(read)
    return ContextReport(
        since=at(covered.since_ms),
        until=at(span[1]),
        complete=covered.complete,
        calls=len(covered.ids),
        runs=contexts.runs,
        turns=tuple(map(turn_view, contexts.turns())),
    )


def _models(engine: Engine, span: tuple[int, int]) -> list[tuple[str, str]]:
    """(provider, model) of whatever was called in that time or is named in `[tiers]`."""
    rows = engine.history.usage(by=("provider", "model"), since_ms=span[0], until_ms=span[1])
    used = [(row.group[0], row.group[1]) for row in rows if row.group[0]]
    return used + [pair for tier in engine.rules.tiers for name in tier for pair in _served(engine, name)]


def _served(engine: Engine, name: str) -> list[tuple[str, str]]:
    """Where a model of `[tiers]` would be asked for."""
    found = []
    for spoken in {provider.format for provider in engine.rules.providers}:
        try:
            provider, model = engine.rules.route(spoken, name)
        except BadRequest:
            continue  # nobody who speaks this format takes it
        found.append((provider.name, model))
    return found


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/reports/drivers",
        summary="What the money went for: every nano-dollar under exactly one driver",
        answer=report_drivers,
        query=DriverQuery,
        gives=DriverReport,
    ),
    Endpoint(
        method="GET",
        path="/reports/context",
        summary="How prompts grow from turn to turn of a run",
        answer=report_context,
        query=ContextQuery,
        gives=ContextReport,
    ),
)
