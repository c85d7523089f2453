"""Runs, suspensions and rates as the admin side shows them."""

from datetime import datetime

import msgspec

from farthing.call.guards import Guards
from farthing.domain.money import usd
from farthing.domain.suspension import Suspension
from farthing.gateway.admin.shown import at, moment
from farthing.guard.breaker import Open
from farthing.guard.rates import RateStanding
from farthing.guard.run import Run
from farthing.ports.records import UsageRow

_GROUP = ("agent", "model")


class StopView(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's breaker that is not closed."""

    agent: str
    """"" for the run as a whole."""
    key: str
    state: str
    """`open`, or `half-open`: one call has gone to see."""
    why: str
    until: datetime | None
    """When one call may try again; null: when somebody resumes it."""


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """One run as this gateway knows it."""

    run: str
    phase: str
    """`started`, `active`, `idle`, `orphaned`, `landed` or `ended`."""
    key: str
    """Whose it is: the key that announced it or called first."""
    parent: str
    started_at: datetime
    last_call_at: datetime | None
    in_flight: int
    heartbeat_seconds: float | None
    last_heartbeat_at: datetime | None
    landed: tuple[str, ...]
    """Agents that have had their last answer."""
    ended_at: datetime | None
    stops: tuple[StopView, ...]
    """Breakers that refuse its calls."""


class RunUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent of a run used of one model."""

    agent: str
    model: str
    calls: int
    refused: int
    input_tokens: int
    output_tokens: int
    cost_usd: str
    open: int
    """Attempts whose cost is not known yet."""


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """The account of a run."""

    life: RunView | None
    """Null where nobody spoke for it and this gateway has not seen it call."""
    since: datetime
    usage: tuple[RunUsage, ...]
    cost_usd: str


class RunList(msgspec.Struct, frozen=True):
    """Runs, the latest touched first."""

    runs: tuple[RunView, ...]


class SuspensionView(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever carries this label is refused."""

    label: str
    value: str
    until: datetime | None
    """Null: until it is lifted."""
    by: str
    why: str
    at: datetime


class SuspensionList(msgspec.Struct, frozen=True):
    """All that are in force."""

    suspensions: tuple[SuspensionView, ...]


class RateView(msgspec.Struct, frozen=True, kw_only=True):
    """One count of a rate limit."""

    match: dict[str, str]
    values: tuple[str, ...]
    """Of the labels whose values are counted apart; `(other)` for those beyond a key's `max_values`."""
    per: str
    requests: int
    requests_limit: int | None
    tokens: int
    tokens_limit: int | None
    running: int
    concurrency_limit: int | None


class RateList(msgspec.Struct, frozen=True):
    """Every count that is not idle."""

    limits: tuple[RateView, ...]


def run_view(guards: Guards, run: Run, now_ms: int) -> RunView:
    """A run that the guards remember."""
    phase = guards.runs.phase(run.name, now_ms=now_ms)
    assert phase is not None
    every_ms = run.beat_every_ms
    return RunView(
        run=run.name,
        phase=phase,
        key=run.owner,
        parent=run.parent,
        started_at=at(run.started_ms),
        last_call_at=moment(run.called_ms),
        in_flight=run.in_flight,
        heartbeat_seconds=None if every_ms is None else every_ms / 1_000,
        last_heartbeat_at=None if every_ms is None else moment(run.beat_ms),
        landed=run.landed,
        ended_at=moment(run.ended_ms),
        stops=tuple(
            StopView(
                agent=agent,
                key=key,
                state="open" if isinstance(state, Open) else "half-open",
                why=state.why,
                until=moment(state.until_ms) if isinstance(state, Open) else None,
            )
            for (name, agent, key), state in guards.agents.stopped()
            if name == run.name
        ),
    )


def usage_views(rows: tuple[UsageRow, ...]) -> tuple[RunUsage, ...]:
    """Sums by agent and model."""
    return tuple(
        RunUsage(
            **dict(zip(_GROUP, row.group[1:], strict=True)),
            calls=row.calls,
            refused=row.refused,
            input_tokens=row.usage.input_tokens,
            output_tokens=row.usage.output_tokens,
            cost_usd=usd(row.cost_nanos),
            open=row.open,
        )
        for row in rows
    )


def suspension_view(found: Suspension) -> SuspensionView:
    return SuspensionView(
        label=found.label,
        value=found.value,
        until=moment(found.until_ms),
        by=found.by,
        why=found.why,
        at=at(found.at_ms),
    )


def rate_view(standing: RateStanding) -> RateView:
    limit = standing.limit
    return RateView(
        match=dict(limit.match),
        values=standing.values,
        per=limit.per,
        requests=standing.requests,
        requests_limit=limit.requests,
        tokens=standing.tokens,
        tokens_limit=limit.tokens,
        running=standing.running,
        concurrency_limit=limit.concurrency,
    )
