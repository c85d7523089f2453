"""Audit: who changed what, where the chain stands, and verifying all of it while others go on writing."""

from functools import partial

from farthing.dashboard.visit import Answer, Visit, see
from farthing.domain.errors import BadRequest

PAGE = 50
ADDRESS = "/dashboard/audit"


async def show(visit: Visit) -> Answer:
    """The page."""
    audit, query = visit.engine.audit, visit.query
    before, by, action = query.number("before", 0, 2**62) or None, query.first("by"), query.first("action")
    where = tuple((name, value) for name, value in (("action", action), ("by", by)) if value)
    await visit.engine.ledger.flush()
    events = await visit.read(partial(audit.events, limit=PAGE + 1, before=before, where=where))
    state = await visit.read(audit.state)
    return await visit.page(
        "audit.html",
        events=events[:PAGE],
        state=state,
        by=by,
        action=action,
        newest=query.having(before=None) if before else None,
        older=query.having(before=str(events[PAGE - 1].id)) if len(events) > PAGE else None,
        verifying=visit.house.verifier.last,
    )


async def verify(visit: Visit) -> Answer:
    """Begin to verify the whole chain."""
    visit.house.verifier.begin(visit.engine.audit, visit.now_ms)
    return see(ADDRESS)


async def progress(visit: Visit) -> Answer:
    """How far it is; the page asks again until it is done."""
    if visit.house.verifier.last is None:
        raise BadRequest("nothing is being verified", status=404)
    return await visit.page("audit_progress.html", verifying=visit.house.verifier.last)
