"""Runs over HTTP: announce, beat, end; list, show, resume. Keys without the right `admin` speak for their own runs only."""

import asyncio
from typing import Annotated

import msgspec

from farthing.accounts.attribution import flaw_of
from farthing.accounts.receipt import receipt
from farthing.accounts.run_receipt import RunReceipt, run_receipt
from farthing.accounts.run_view import RunReceiptView
from farthing.accounts.run_view import run_view as receipt_view
from farthing.config.engine import Engine
from farthing.config.wiring import cards_of
from farthing.domain.errors import BadRequest
from farthing.domain.money import usd
from farthing.gateway.admin.endpoint import Asked, Endpoint, missing
from farthing.gateway.admin.run_views import RunList, RunReport, RunView, run_view, usage_views
from farthing.gateway.admin.shown import at
from farthing.guard.run import Phase

MOST = 500
MOST_CALLS = 5_000
"""Calls that one receipt adds up."""
_DAY_MS = 86_400_000
_LONGEST_MS = 30 * _DAY_MS

Seconds = Annotated[float, msgspec.Meta(ge=1, le=86_400)]


class NewRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run that is about to call."""

    run: str
    parent: str = ""
    """The run that starts it: once that ends, this one is refused."""
    heartbeat_seconds: Seconds | None = None
    """A promise to beat at least this often; a run whose beats stop coming is refused."""
    labels: dict[str, str] = {}
    key: str = ""
    """Whose run it is: the key that asks. An administrator names another, or none: then it holds for every key's calls."""


class Beat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The owner lives."""

    heartbeat_seconds: Seconds | None = None
    """The promise from now on; by default as before."""


class RunQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 100
    phase: Phase | None = None


async def start_run(asked: Asked) -> RunView:
    """Raises BadRequest 403 where it is another key's run, 409 where it has ended."""
    engine, body = asked.engine, asked.body
    for field, name in (("run", body.run), ("parent", body.parent)):
        flaw = flaw_of("run", name) if name or field == "run" else ""
        if flaw:
            raise BadRequest(f"{name[:80]!r} cannot name a run: {flaw}", field=field)
    labels = tuple(sorted(body.labels.items()))
    for name, value in labels:
        if flaw := flaw_of(name, value):
            raise BadRequest(f"the label {name[:80]!r} cannot be used: {flaw}", field="labels")
    owner = body.key if asked.is_admin else asked.key_name
    if body.key not in ("", owner):
        raise BadRequest(
            "only an administrator announces runs of other keys", field="key", status=403, code="forbidden"
        )
    if not asked.is_admin:
        _check_unclaimed(engine, body.run, owner)
    await asyncio.to_thread(
        lambda: engine.store.guards.start(
            body.run,
            by=owner,
            parent=body.parent,
            beat_every_ms=in_ms(body.heartbeat_seconds),
            labels=labels,
            who=asked.by,
        )
    )
    await engine.take_up()
    return _view(engine, body.run)


async def beat_run(asked: Asked) -> RunView:
    """Raises BadRequest 404 where it was not announced, 403 where it is another key's run."""
    engine = asked.engine
    found = await asyncio.to_thread(
        lambda: engine.store.guards.beat(
            asked.named["run"],
            by=asked.key_name,
            admin=asked.is_admin,
            beat_every_ms=in_ms(asked.body.heartbeat_seconds),
        )
    )
    if engine.guards is None:
        await engine.take_up()
    else:
        engine.guards.runs.learn(found)
    return _view(engine, found.name)


async def end_run(asked: Asked) -> RunView:
    """For good: its calls, and those of the runs below it, are refused. Raises BadRequest 403 or 404."""
    engine, run = asked.engine, asked.named["run"]
    by = "" if asked.is_admin else asked.key_name  # what nobody announced, an administrator ends for every key
    await asyncio.to_thread(lambda: engine.store.guards.end(run, by=by, admin=asked.is_admin, who=asked.by))
    await engine.take_up()
    return _view(engine, run)


async def resume_run(asked: Asked) -> RunReport:
    """Whatever stopped it (a breaker, a landing, its end, a suspension) does so no more."""
    engine, run = asked.engine, asked.named["run"]
    store = engine.store.guards
    await asyncio.to_thread(store.reopen, run, who=asked.by)
    await asyncio.to_thread(store.resume, ("run", run), asked.by)
    await engine.take_up()
    return await show_run(asked)


async def list_runs(asked: Asked) -> RunList:
    guards, now_ms, query = asked.engine.guards, asked.engine.now_ms(), asked.query
    if guards is None:
        return RunList(())
    every = (run_view(guards, run, now_ms) for run in reversed(tuple(guards.runs)))
    wanted = [each for each in every if query.phase is None or each.phase == query.phase]
    return RunList(tuple(wanted[: query.limit]))


async def show_run(asked: Asked) -> RunReport:
    """Raises BadRequest 404 where nothing is known of it."""
    engine, name = asked.engine, asked.named["run"]
    now_ms, guards = engine.now_ms(), engine.guards
    known = None if guards is None else guards.runs.get(name)
    since_ms = now_ms - _LONGEST_MS if known is None else known.started_ms - _DAY_MS
    await engine.ledger.flush()
    rows = await asyncio.to_thread(
        lambda: engine.history.usage(
            by=("run", "agent", "model"), since_ms=since_ms, until_ms=now_ms + 1, where=(("run", name),)
        )
    )
    if known is None and not rows:
        raise missing("run", name)
    life = None if guards is None or known is None else run_view(guards, known, now_ms)
    return RunReport(
        life=life, since=at(since_ms), usage=usage_views(rows), cost_usd=usd(sum(row.cost_nanos for row in rows))
    )


async def receipt_of_run(asked: Asked) -> RunReceiptView:
    """Of its newest calls, up to `MOST_CALLS`. Raises BadRequest 404 where it made none."""
    engine, name = asked.engine, asked.named["run"]
    await engine.ledger.flush()
    found = await asyncio.to_thread(_receipt, engine, name)
    if not found.calls:
        raise missing("run", name)
    return receipt_view(name, found)


def _receipt(engine: Engine, run: str) -> RunReceipt:
    """Blocking."""
    cards = cards_of(engine.rules)
    newest = engine.records.recent(limit=MOST_CALLS, run=run)
    records = filter(None, (engine.records.call(each.id) for each in newest))
    return run_receipt((receipt(record, cards) for record in records), *engine.outcomes.of(run))


def _check_unclaimed(engine: Engine, run: str, key: str) -> None:
    """Raises BadRequest 403 where calls of another key carry this run: announcing it would take it away from them."""
    guards = engine.guards
    known = None if guards is None else guards.runs.get(run)
    if known is not None and known.owner != key:
        raise BadRequest(
            f"the run {run!r} is in use by another key; choose another name", field="run", status=403, code="forbidden"
        )


def _view(engine: Engine, name: str) -> RunView:
    guards = engine.guards
    run = None if guards is None else guards.runs.get(name)
    if guards is None or run is None:
        raise missing("run", name)
    return run_view(guards, run, engine.now_ms())


def in_ms(seconds: float | None) -> int | None:
    """A promise, as it is kept."""
    return None if seconds is None else int(seconds * 1_000)


ENDPOINTS = (
    Endpoint(
        method="GET", path="/runs", summary="Runs and their phases", answer=list_runs, query=RunQuery, gives=RunList
    ),
    Endpoint(
        method="POST",
        path="/runs",
        summary="Announce a run; promise heartbeats",
        answer=start_run,
        takes=NewRun,
        gives=RunView,
        status=201,
        right="call",
    ),
    Endpoint(method="GET", path="/runs/{run}", summary="The account of one run", answer=show_run, gives=RunReport),
    Endpoint(
        method="GET",
        path="/runs/{run}/receipt",
        summary="The whole account of one run, to the nano-dollar",
        answer=receipt_of_run,
        gives=RunReceiptView,
    ),
    Endpoint(
        method="POST",
        path="/runs/{run}/heartbeat",
        summary="Say that a run's owner lives",
        answer=beat_run,
        takes=Beat,
        gives=RunView,
        right="call",
    ),
    Endpoint(
        method="POST",
        path="/runs/{run}/end",
        summary="End a run, and with it those below it",
        answer=end_run,
        gives=RunView,
        right="call",
    ),
    Endpoint(
        method="POST",
        path="/runs/{run}/resume",
        summary="Let a run go on, whatever stopped it",
        answer=resume_run,
        gives=RunReport,
    ),
)
