"""Calls over HTTP: lists, the whole record of one, and an operator's word on what an attempt cost."""

import asyncio
from typing import Annotated

import msgspec

from farthing.accounts.receipt import receipt
from farthing.accounts.receipt_document import ReceiptView
from farthing.accounts.receipt_view import view as receipt_view
from farthing.config.settling import card_of, settlement_of
from farthing.config.wiring import cards_of
from farthing.domain.errors import BadRequest
from farthing.domain.ids import show
from farthing.domain.usage import Usage
from farthing.gateway.admin.call_views import CallPage, CallView, line, view
from farthing.gateway.admin.endpoint import Asked, Endpoint, conflict, missing
from farthing.gateway.admin.reading import call_id
from farthing.ports.records import AttemptRecord, CallRecord, CallSummary, Records

MOST = 500
LOOK = 50_000
"""Calls that one request looks through for those that fit; about a tenth of a second."""
OUTCOMES = ("paid", "refused", "unknown", "unsent", "failed")


class CallQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls; the newest come first."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 50
    before: str = ""
    """The id of a call: only older ones. `next` of a page is this for the one after it."""
    key: str | None = None
    run: str | None = None
    outcome: str | None = None
    """`paid`, `refused`, `unknown`, `unsent` or `failed`."""
    label: dict[str, str] = {}
    """`label.NAME=VALUE`, any number of them."""


class ContentView(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of one call, as redaction left them."""

    call: str
    request: str
    """The body as JSON."""
    answer: str
    """JSON; of a stream, its texts put together."""
    redacted: int
    """How many pieces were taken out."""
    cut: bool
    """Something was longer than is kept."""


class SettleCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an attempt really used: `usage`, or `free`."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    """Kept with the correction."""
    usage: dict[str, int] | None = None
    """Token counts by name, as in a record; those left out are 0."""
    free: bool = False
    attempt: int | None = None
    """Its ordinal; the last one that was sent if not given."""
    tier: str = ""
    """The service tier it was billed as; standard if not given."""


async def list_calls(asked: Asked) -> CallPage:
    query: CallQuery = asked.query
    if query.outcome is not None and query.outcome not in OUTCOMES:
        raise BadRequest(f"outcome is one of {', '.join(OUTCOMES)}", field="outcome")
    before = call_id(query.before, "before") if query.before else None
    await asked.engine.ledger.flush()
    found, reached = await asyncio.to_thread(_recent, asked.engine.records, query, before)
    last = found[-1].id if len(found) == query.limit else reached
    return CallPage(tuple(map(line, found)), show("call", last) if last else None)


def _recent(records: Records, query: CallQuery, before: int | None) -> tuple[tuple[CallSummary, ...], int]:
    """A page of what fits among the next `LOOK` calls, and where the look ended; 0: there are no older calls."""
    picky = query.key is not None or query.run is not None or query.outcome is not None or bool(query.label)
    reached = records.reach(LOOK, before) if picky else 0
    found = records.recent(
        limit=query.limit,
        before_id=before,
        key=query.key,
        labels=tuple(sorted(query.label.items())),
        outcome=query.outcome,
        run=query.run,
        from_id=reached,
    )
    return found, reached


def call_before(records: Records, call: int, run: str) -> CallSummary | None:
    """The call before this one in its run, where it is among the `LOOK` calls before it."""
    return next(iter(records.recent(limit=1, before_id=call, run=run, from_id=records.reach(LOOK, call))), None)


async def show_call(asked: Asked) -> CallView:
    """Raises BadRequest 404."""
    return await _view(asked)


async def receipt_of_call(asked: Asked) -> ReceiptView:
    """Raises BadRequest 404."""
    return receipt_view(receipt(await _find(asked), cards_of(asked.engine.rules)))


async def content_of_call(asked: Asked) -> ContentView:
    """Raises BadRequest 404 where nothing is kept of it."""
    number = call_id(asked.named["id"], "path")
    engine = asked.engine
    if engine.texts.keeper is not None:
        await asyncio.to_thread(engine.texts.keeper.flush)
    found = await asyncio.to_thread(engine.texts.contents.of, number)
    if found is None:
        raise missing("kept content of the call", asked.named["id"])
    return ContentView(
        call=asked.named["id"], request=found.request, answer=found.answer, redacted=found.redacted, cut=found.cut
    )


async def settle_call(asked: Asked) -> CallView:
    """Price what it used with the book, post the difference, and keep what stood there before. Raises BadRequest: 409
    while it is in flight, or where nobody knows its price."""
    engine, wanted = asked.engine, asked.body
    usage = usage_from(wanted)
    attempt = _attempt(await _find(asked), wanted.attempt)
    card = card_of(engine, attempt.opening)
    settlement = settlement_of(attempt.opening.id, usage, card, tier=wanted.tier, now_ms=engine.now_ms(), of=attempt)
    if settlement.cost_nanos is None:
        raise conflict(f"no price is known for {attempt.opening.model!r}; name it under [[prices]] first", "usage")
    if not await engine.ledger.adjust(settlement, asked.by, wanted.reason):
        raise conflict("the attempt is still in flight; it is settled when it ends", "path")
    return await _view(asked)


async def _view(asked: Asked) -> CallView:
    record = await _find(asked)
    run = dict(record.opening.labels).get("run")
    if run is None:
        return view(record)
    return view(record, await asyncio.to_thread(call_before, asked.engine.records, record.opening.id, run))


def usage_from(wanted: SettleCall) -> Usage:
    """The usage that is told, none at all where it was free. Raises BadRequest 400 for the impossible."""
    if wanted.free == (wanted.usage is not None):
        raise BadRequest("say what it used with `usage`, or that it cost nothing with `free`", field="usage")
    given = wanted.usage or {}
    for name, count in given.items():
        if name not in Usage.__struct_fields__:
            known = ", ".join(Usage.__struct_fields__)
            raise BadRequest(f"usage has no {name[:40]!r}; there are {known}", field=f"usage.{name[:40]}")
        if count > 2**40:
            raise BadRequest("no call uses so many tokens", field=f"usage.{name}")
    usage = Usage(**given)
    flaw = usage.flaw()
    if flaw:
        raise BadRequest(f"usage is impossible: {flaw}", field="usage")
    return usage


async def _find(asked: Asked) -> CallRecord:
    number = call_id(asked.named["id"], "path")
    await asked.engine.ledger.flush()
    found = await asyncio.to_thread(asked.engine.records.call, number)
    if found is None:
        raise missing("call", asked.named["id"])
    return found


def _attempt(record: CallRecord, ordinal: int | None) -> AttemptRecord:
    if not record.attempts:
        raise conflict("the call was refused before anything was sent: there is nothing to settle", "path")
    sent = [attempt for attempt in record.attempts if attempt.state != "void"] or list(record.attempts)
    if ordinal is None:
        return sent[-1]
    found = next((attempt for attempt in record.attempts if attempt.opening.ordinal == ordinal), None)
    if found is None:
        raise BadRequest(
            f"the call has {len(record.attempts)} attempts, none of them number {ordinal}", field="attempt"
        )
    return found


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/calls",
        summary="The newest calls, page by page",
        answer=list_calls,
        query=CallQuery,
        gives=CallPage,
    ),
    Endpoint(
        method="GET",
        path="/calls/{id}",
        summary="Everything on record of one call; no content",
        answer=show_call,
        gives=CallView,
    ),
    Endpoint(
        method="GET",
        path="/calls/{id}/receipt",
        summary="The whole account of one call, to the nano-dollar",
        answer=receipt_of_call,
        gives=ReceiptView,
    ),
    Endpoint(
        method="GET",
        path="/calls/{id}/content",
        summary="What a call said and was told, redacted, where `[record] content` keeps it",
        answer=content_of_call,
        gives=ContentView,
    ),
    Endpoint(
        method="POST",
        path="/calls/{id}/settle",
        summary="Say what an attempt really used; audited",
        answer=settle_call,
        takes=SettleCall,
        gives=CallView,
    ),
)
