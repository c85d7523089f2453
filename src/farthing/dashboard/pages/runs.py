"""Runs: which there were and what they cost; and one run, call by call: its waterfall, its context, its account."""

import secrets
from functools import partial
from urllib.parse import quote

import msgspec

from farthing.accounts.receipt import receipt
from farthing.accounts.run_receipt import RunReceipt, Turn, run_receipt
from farthing.config.engine import Engine
from farthing.config.settling import card_of
from farthing.dashboard.charts import Chart, Series
from farthing.dashboard.filters import names_of, where_of, with_filter, without_filter
from farthing.dashboard.forms import Query
from farthing.dashboard.period import PRESETS, period_of
from farthing.dashboard.visit import Answer, Visit, see
from farthing.domain.ids import first_id
from farthing.domain.record import Labels
from farthing.gateway.admin.endpoint import missing
from farthing.ports.history import RunRow
from farthing.ports.records import CallRecord, CallSummary

PAGE = 50
MOST_CALLS = 300
"""Of one run on its page; a longer one shows its latest."""
FARTHEST = 5_000
SLACK_MS = 60_000
"""By how much an id may run ahead of its call's arrival, where a clock went back."""


DONE = {
    "judged": "Kept: it counts in what a success costs.",
    "booked": "Booked: it is part of what the run cost.",
    "known": "This was booked before; nothing changed.",
}


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One call in the waterfall; places are thousandths of the run's length."""

    call: CallSummary
    step: str
    agent: str
    starts: int
    waits: int
    """Until the first byte of the answer."""
    talks: int
    after_ms: int
    """From the beginning of the run."""
    took_ms: int | None


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the page of one run."""

    name: str
    row: RunRow
    receipt: RunReceipt
    flows: tuple[Flow, ...]
    left_out: int
    context: Chart | None
    labels: Labels


def address(name: str) -> str:
    """Where a run's page is."""
    return f"/dashboard/runs/{quote(name, safe='')}"


async def listing(visit: Visit) -> Answer:
    """Runs of some time, the newest or the dearest first."""
    query = visit.query
    name, value = query.first("add"), query.first("is").strip()
    if name and value:
        clean = Query(tuple(pair for pair in query.pairs if pair[0] not in ("add", "is", "page")))
        return see(f"{visit.path}?{with_filter(clean, name, value)}")
    period, where = period_of(query, visit.now_ms, usual="30d"), where_of(query)
    order, page = query.one_of("order", ("last", "cost")), query.number("page", 0, FARTHEST)
    await visit.engine.ledger.flush()
    history = visit.engine.history
    read = partial(history.runs, since_ms=period.since_ms, until_ms=period.until_ms, where=where, order=order)
    found = await visit.read(partial(read, limit=PAGE + 1, offset=page * PAGE))
    recent = await visit.read(partial(visit.engine.records.recent, limit=100))
    return await visit.page(
        "runs.html",
        found=found[:PAGE],
        period=period,
        presets={preset: title for preset, (title, _) in PRESETS.items()},
        where=where,
        order=order,
        names=tuple(each for each in names_of(recent) if each not in ("hour", "day", "month", "run", "step")),
        newer=query.having(page=str(page - 1)) if page else None,
        older=query.having(page=str(page + 1)) if len(found) > PAGE else None,
        without=partial(without_filter, query),
        address=address,
    )


async def show(visit: Visit) -> Answer:
    """One run. Raises BadRequest 404."""
    name = visit.named["run"]
    await visit.engine.ledger.flush()
    sheet = await visit.read(partial(_sheet, visit.engine, name))
    if sheet is None:
        raise missing("run", name[:80])
    return await visit.page("run.html", sheet=sheet, done=DONE, once=secrets.token_hex(8))


def _sheet(engine: Engine, name: str) -> Sheet | None:
    row = engine.history.run(name)
    if row is None:
        return None
    calls = tuple(reversed(calls_of(engine, row)))
    records = [record for call in calls if (record := engine.records.call(call.id)) is not None]
    outcome, others = engine.outcomes.of(name)
    whole = run_receipt((receipt(record, partial(card_of, engine)) for record in records), outcome, others)
    return Sheet(
        name=name,
        row=row,
        receipt=whole,
        flows=tuple(flows(calls, records)),
        left_out=max(row.calls - len(calls), 0),
        context=context_of(whole.answered),
        labels=row.labels,
    )


def calls_of(engine: Engine, row: RunRow) -> tuple[CallSummary, ...]:
    """The latest calls of a run. Looked for from its last one on and no more than it has: a run of long ago is found
    without reading all that came after it or before."""
    after = first_id(row.last_ms + SLACK_MS)
    return engine.records.recent(limit=min(row.calls, MOST_CALLS), before_id=after, run=row.run)


def flows(calls: tuple[CallSummary, ...], records: list[CallRecord]) -> list[Flow]:
    """The waterfall: when each call was on its way, beside the others."""
    if not calls:
        return []
    begins = min(call.arrived_ms for call in calls)
    ends = max(call.finished_ms or call.arrived_ms for call in calls)
    length = max(ends - begins, 1)
    first_bytes = {r.opening.id: r.closing.first_byte_ms for r in records if r.closing is not None}
    return [_flow(call, begins, length, first_bytes.get(call.id)) for call in calls]


def _flow(call: CallSummary, begins: int, length: int, first_byte_ms: int | None) -> Flow:
    took = None if call.finished_ms is None else call.finished_ms - call.arrived_ms
    waited = min(took or 0, first_byte_ms if first_byte_ms is not None else took or 0)
    labels = dict(call.labels)
    starts = min((call.arrived_ms - begins) * 1_000 // length, 994)
    waits = waited * 1_000 // length
    return Flow(
        call=call,
        step=labels.get("step", ""),
        agent=labels.get("agent", ""),
        starts=starts,
        waits=waits,
        talks=max(((took or 0) - waited) * 1_000 // length, 0 if waits > 5 else 6),
        after_ms=call.arrived_ms - begins,
        took_ms=took,
    )


def context_of(turns: tuple[Turn, ...]) -> Chart | None:
    """How the input grew from turn to turn, and how much of it came from the provider's cache."""
    if not turns:
        return None
    cached = tuple(float(turn.cache_read_input_tokens) for turn in turns)
    fresh = tuple(float(turn.input_tokens - turn.cache_read_input_tokens) for turn in turns)
    return Chart(
        kind="bars",
        unit="count",
        x=tuple(range(1, len(turns) + 1)),
        names=tuple(f"turn {number}" for number in range(1, len(turns) + 1)),
        series=(Series("read from the cache", cached), Series("paid in full", fresh)),
        time=False,
    )
