"""Alerts: what fires now and what was told before, with who has seen it; and what every rule finds."""

from functools import partial

from farthing.dashboard.visit import Answer, Visit
from farthing.gateway.admin.alert_views import alert_view, rules_view

PAGE = 50
DONE = {"seen": "Noted: somebody has seen it, and nobody is told of it again."}


async def show(visit: Visit) -> Answer:
    """The page."""
    before = visit.query.number("before", 0, 10**15) or None
    outbox, watch = visit.engine.store.outbox, visit.engine.alerting.watch
    firing = await visit.read(partial(outbox.recent, limit=PAGE, firing=True))
    told = await visit.read(partial(outbox.recent, limit=PAGE + 1, before_id=before))
    rules = await visit.read(lambda: rules_view(watch.watched, watch.latest))
    return await visit.page(
        "alerts.html",
        firing=tuple(map(alert_view, firing)),
        over=tuple(alert_view(alert) for alert in told[:PAGE] if alert.state != "firing"),
        when={alert.id: alert.at_ms for alert in (*firing, *told)},
        rules=rules.rules,
        older=visit.query.having(before=str(told[PAGE - 1].id)) if len(told) > PAGE else None,
        done=DONE,
    )
