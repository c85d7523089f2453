"""Alerts over HTTP: what was told and who has seen it, the rules and what they find, and a test of every address."""

import asyncio
from typing import Annotated

import msgspec

from farthing.gateway.admin.alert_views import (
    AlertPage,
    AlertView,
    RuleList,
    TrialList,
    alert_view,
    page_of,
    rules_view,
    trials_view,
)
from farthing.gateway.admin.endpoint import Asked, Endpoint, missing
from farthing.ports.alerts import Alert

MOST = 500
_DIGITS = 18


class AlertQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which alerts; the newest come first."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 50
    before: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The id of an alert: only older ones. `next` of a page is this for the one after it."""
    firing: bool = False
    """Only those that are not over."""


async def list_alerts(asked: Asked) -> AlertPage:
    query: AlertQuery = asked.query
    found = await asyncio.to_thread(
        lambda: asked.engine.store.outbox.recent(limit=query.limit, before_id=query.before, firing=query.firing)
    )
    return page_of(found, query.limit)


async def show_alert(asked: Asked) -> AlertView:
    """Raises BadRequest 404."""
    return alert_view(await _find(asked))


async def acknowledge_alert(asked: Asked) -> AlertView:
    """Raises BadRequest 404. Again: nothing changes."""
    found = await _find(asked)
    await asyncio.to_thread(asked.engine.store.outbox.acknowledge, found.id, asked.by, asked.engine.now_ms())
    return alert_view(await _find(asked))


async def list_rules(asked: Asked) -> RuleList:
    watch = asked.engine.alerting.watch
    return rules_view(watch.watched, watch.latest)


async def try_alerts(asked: Asked) -> TrialList:
    return trials_view(await asked.engine.alerting.test(asked.by))


async def _find(asked: Asked) -> Alert:
    text = asked.named["id"]
    known = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    found = await asyncio.to_thread(asked.engine.store.outbox.find, int(text)) if known else None
    if found is None:
        raise missing("alert", text[:40])
    return found


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/alerts",
        summary="The newest alerts, page by page",
        answer=list_alerts,
        query=AlertQuery,
        gives=AlertPage,
    ),
    Endpoint(
        method="GET",
        path="/alerts/rules",
        summary="Every rule in force, and what the last look found or why it is silent",
        answer=list_rules,
        gives=RuleList,
    ),
    Endpoint(
        method="POST",
        path="/alerts/test",
        summary="Send a test alert to every address now",
        answer=try_alerts,
        gives=TrialList,
    ),
    Endpoint(
        method="GET", path="/alerts/{id}", summary="One alert with its deliveries", answer=show_alert, gives=AlertView
    ),
    Endpoint(
        method="POST",
        path="/alerts/{id}/acknowledge",
        summary="Say that somebody has seen it; what was not yet delivered is dropped; audited",
        answer=acknowledge_alert,
        gives=AlertView,
    ),
)
