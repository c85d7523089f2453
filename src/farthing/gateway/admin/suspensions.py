"""Suspensions and rates over HTTP: who may not call, and how full the rate limits are."""

import asyncio
from typing import Annotated

import msgspec

from farthing.accounts.attribution import LABEL_NAME
from farthing.domain.errors import BadRequest
from farthing.domain.suspension import KEY, Suspension
from farthing.gateway.admin.endpoint import Asked, Endpoint, missing
from farthing.gateway.admin.run_views import (
    RateList,
    SuspensionList,
    SuspensionView,
    rate_view,
    suspension_view,
)

_MINUTE_MS = 60_000


class NewSuspension(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is not to call."""

    label: str
    """`user`, `agent`, `workflow`, `run`, any other label, or `key`."""
    value: str
    """A trailing `*` fits any ending."""
    minutes: Annotated[float, msgspec.Meta(gt=0, le=5_256_000)] | None = None
    """By default until it is lifted."""
    why: str = ""
    """Told to whoever is refused."""


async def list_suspensions(asked: Asked) -> SuspensionList:
    engine = asked.engine
    known = await asyncio.to_thread(engine.store.guards.known)
    now_ms = engine.now_ms()
    return SuspensionList(tuple(suspension_view(each) for each in known.suspensions if each.in_force(now_ms)))


async def suspend(asked: Asked) -> SuspensionView:
    """In force when this returns. Raises BadRequest 400."""
    engine, body = asked.engine, asked.body
    if body.label != KEY and LABEL_NAME.fullmatch(body.label) is None:
        raise BadRequest(f"{body.label[:80]!r} is neither a label nor `key`", field="label")
    if not body.value.strip() or len(body.value) > 256:
        raise BadRequest("say who: a value of 1 to 256 characters", field="value")
    now_ms = engine.now_ms()
    suspension = Suspension(
        label=body.label,
        value=body.value,
        until_ms=None if body.minutes is None else now_ms + int(body.minutes * _MINUTE_MS),
        by=asked.by,
        why=body.why[:300],
        at_ms=now_ms,
    )
    await asyncio.to_thread(engine.store.guards.suspend, suspension)
    await engine.take_up()
    return suspension_view(suspension)


async def resume(asked: Asked) -> SuspensionView:
    """Lift it; what tripped for the same subject begins anew. Raises BadRequest 404 where it is not suspended."""
    engine = asked.engine
    subject = (asked.named["label"], asked.named["value"])
    known = await asyncio.to_thread(engine.store.guards.known)
    found = next((each for each in known.suspensions if each.subject == subject), None)
    if found is None:
        raise missing("suspension of", " ".join(subject))
    await asyncio.to_thread(engine.store.guards.resume, subject, asked.by)
    await engine.take_up()
    return suspension_view(found)


async def list_limits(asked: Asked) -> RateList:
    guards = asked.engine.guards
    if guards is None:
        return RateList(())
    return RateList(tuple(map(rate_view, guards.rates.standings(now_ms=asked.engine.now_ms()))))


ENDPOINTS = (
    Endpoint(
        method="GET", path="/suspensions", summary="Who may not call", answer=list_suspensions, gives=SuspensionList
    ),
    Endpoint(
        method="POST",
        path="/suspensions",
        summary="Refuse the calls of a user, an agent, a workflow, a run or a key",
        answer=suspend,
        takes=NewSuspension,
        gives=SuspensionView,
        status=201,
    ),
    Endpoint(
        method="DELETE",
        path="/suspensions/{label}/{value*}",
        summary="Lift a suspension",
        answer=resume,
        gives=SuspensionView,
    ),
    Endpoint(method="GET", path="/limits", summary="Rates as they stand", answer=list_limits, gives=RateList),
)
