"""The audit over HTTP: who changed what, the state of the chain, verification, seals, and the erasure of a name."""

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec

from farthing.domain.seal import Seal
from farthing.gateway.admin.audit_views import (
    ErasureView,
    EventPage,
    SealList,
    StateView,
    VerdictView,
    erasure_view,
    page_of,
    state_view,
    verdict_view,
)
from farthing.gateway.admin.endpoint import Asked, Endpoint, conflict

MOST = 1_000


class EventQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events; the newest come first. A `*` at the end fits any ending."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 50
    before: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The id of an event: only older ones. `next` of a page is this for the one after it."""
    since: datetime | None = None
    until: datetime | None = None
    by: str = ""
    action: str = ""
    subject: str = ""


class VerifyOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    against: Seal | None = None
    """A seal that was kept elsewhere."""


class EraseOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    user: str
    """Whose name gives way to a pseudonym."""


async def list_events(asked: Asked) -> EventPage:
    query: EventQuery = asked.query
    named = (("by", query.by), ("action", query.action), ("subject", query.subject))
    await asked.engine.ledger.flush()
    found = await asyncio.to_thread(
        lambda: asked.engine.audit.events(
            limit=query.limit,
            before=query.before,
            since_ms=_ms(query.since) or 0,
            until_ms=_ms(query.until),
            where=tuple((name, value) for name, value in named if value),
        )
    )
    return page_of(found, query.limit)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1_000)


async def show_state(asked: Asked) -> StateView:
    return state_view(await asyncio.to_thread(asked.engine.audit.state))


async def verify(asked: Asked) -> VerdictView:
    order: VerifyOrder = asked.body
    await asked.engine.ledger.flush()
    return verdict_view(await asyncio.to_thread(lambda: asked.engine.audit.verify(against=order.against)))


async def list_seals(asked: Asked) -> SealList:
    return SealList(seals=await asyncio.to_thread(asked.engine.audit.seals))


async def seal(asked: Asked) -> Seal:
    """Raises BadRequest 409 where nothing was written since the last one."""
    await asked.engine.ledger.flush()
    made = await asyncio.to_thread(asked.engine.audit.seal)
    if made is None:
        raise conflict("nothing was written since the last seal", "path")
    return made


async def erase(asked: Asked) -> ErasureView:
    """Raises BadRequest 404 for a name that nothing is of, 409 while calls of it are open."""
    order: EraseOrder = asked.body
    engine = asked.engine
    await engine.ledger.flush()
    if engine.texts.keeper is not None:
        await asyncio.to_thread(engine.texts.keeper.flush)
    done = await asyncio.to_thread(lambda: engine.audit.erase("user", order.user, by=asked.by))
    await asyncio.to_thread(engine.telemetry.forget, done.label, order.user, done.pseudonym)
    return erasure_view(done)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/audit",
        summary="Who changed what, the newest first, page by page",
        answer=list_events,
        query=EventQuery,
        gives=EventPage,
    ),
    Endpoint(method="GET", path="/audit/state", summary="Where the chain stands", answer=show_state, gives=StateView),
    Endpoint(
        method="POST",
        path="/audit/verify",
        summary="Read the whole chain and everything it speaks of; takes as long as that takes",
        answer=verify,
        takes=VerifyOrder,
        gives=VerdictView,
    ),
    Endpoint(
        method="GET", path="/audit/seals", summary="Every seal, the oldest first", answer=list_seals, gives=SealList
    ),
    Endpoint(
        method="POST",
        path="/audit/seals",
        summary="Seal what was written since the last seal",
        answer=seal,
        gives=Seal,
        status=201,
    ),
    Endpoint(
        method="POST",
        path="/audit/erase",
        summary="Put a pseudonym in the place of a user's name, everywhere; the chain and every sum stay; audited",
        answer=erase,
        takes=EraseOrder,
        gives=ErasureView,
    ),
)
