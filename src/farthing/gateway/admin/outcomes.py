"""Outcomes over HTTP: say what a run came to, book what it cost beside models. Who may: see `_check_own`."""

import asyncio
from typing import Annotated

import msgspec

from farthing.accounts.attribution import flaw_of
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.domain.money import parse_usd
from farthing.gateway.admin.endpoint import Asked, Endpoint
from farthing.gateway.admin.outcome_views import CostView, OutcomeView, RunOutcome, cost_view, outcome_view
from farthing.ports.history import History
from farthing.ports.outcomes import OtherCost, Outcome

RIGHT = "outcomes"
"""A key with it speaks for the runs within its labels: an evaluator, a ticket system."""

Note = Annotated[str, msgspec.Meta(max_length=200)]


class NewOutcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run came to. A later word replaces an earlier one; the audit keeps both."""

    run: str
    success: bool
    score: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    note: Note = ""
    """A few words on why; never content."""


class NewCost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run cost beside models: part of its cost in reports and bills, in no budget."""

    run: str
    usd: str
    """A decimal string, like "0.05"."""
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] = "tool"
    """`tool`, `search`, `compute`, or a word of your own."""
    once: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """A word of your own: the same one on the same run is booked once, so that a request may be repeated."""
    note: Note = ""


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a booking."""

    cost: CostView
    booked: bool
    """False where this one was booked before (`once`), and nothing changed."""


async def judge_run(asked: Asked) -> OutcomeView:
    """Raises BadRequest 403 where it is not the caller's run."""
    engine, body = asked.engine, asked.body
    _check_name(body.run)
    await _check_own(asked, body.run)
    outcome = Outcome(
        run=body.run,
        at_ms=engine.now_ms(),
        success=body.success,
        score=body.score,
        by=asked.by,
        note=body.note,
    )
    await asyncio.to_thread(engine.outcomes.judge, outcome)
    return outcome_view(outcome)


async def book_cost(asked: Asked) -> Booked:
    """Raises BadRequest 400 for what is no amount, 403 where it is not the caller's run."""
    engine, body = asked.engine, asked.body
    _check_name(body.run)
    try:
        nanos = parse_usd(body.usd)
    except ValueError as error:
        raise BadRequest(str(error), field="usd") from error
    await _check_own(asked, body.run)
    cost = OtherCost(
        run=body.run,
        at_ms=engine.now_ms(),
        kind=body.kind,
        nanos=nanos,
        by=asked.by,
        note=body.note,
        once=body.once,
    )
    booked = await asyncio.to_thread(engine.outcomes.book, cost)
    return Booked(cost=cost_view(cost), booked=booked)


async def show_outcome(asked: Asked) -> RunOutcome:
    """Raises BadRequest 403 where it is not the caller's run."""
    engine, run = asked.engine, asked.named["run"]
    _check_name(run)
    await _check_own(asked, run)
    outcome, costs = await asyncio.to_thread(engine.outcomes.of, run)
    return RunOutcome(
        run=run,
        outcome=None if outcome is None else outcome_view(outcome),
        costs=tuple(map(cost_view, costs)),
    )


async def _check_own(asked: Asked, run: str) -> None:
    """Administrators speak for every run; a key with the right `outcomes` for the runs that carry its labels; any other key
    for its own: a run of which there are calls, every one of them under that key. So nobody changes what another team's
    runs came to.

    Raises BadRequest 403, the same for a run of others as for one that is not there.
    """
    if asked.maker is None or asked.is_admin:
        return
    await asked.engine.ledger.flush()
    if not await asyncio.to_thread(_is_own, asked.engine.history, asked.maker, run):
        raise BadRequest(
            f"the run {run!r} has no calls, or calls that are not this key's: only an administrator, or a key with the "
            f"right `{RIGHT}`, may speak for it",
            field="run",
            status=403,
            code="forbidden",
        )


def _is_own(history: History, key: Key, run: str) -> bool:
    known = history.run(run)
    if known is None:
        return RIGHT in key.rights and not key.labels
    if RIGHT in key.rights:
        return set(key.labels) <= set(known.labels)
    named = (("run", run),)
    rows = history.usage(by=("key",), since_ms=known.first_ms, until_ms=known.last_ms + 1, where=named)
    return {row.group[0] for row in rows} == {key.name}


def _check_name(run: str) -> None:
    if flaw := flaw_of("run", run):
        raise BadRequest(f"{run[:80]!r} cannot name a run: {flaw}", field="run")


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/outcomes",
        summary="Say what a run came to; audited",
        answer=judge_run,
        takes=NewOutcome,
        gives=OutcomeView,
        right="call",
    ),
    Endpoint(
        method="POST",
        path="/outcomes/costs",
        summary="Book what a run cost beside models; audited",
        answer=book_cost,
        takes=NewCost,
        gives=Booked,
        right="call",
    ),
    Endpoint(
        method="GET",
        path="/outcomes/{run}",
        summary="What is known of a run: its outcome, and its costs beside models",
        answer=show_outcome,
        gives=RunOutcome,
        right="call",
    ),
)
