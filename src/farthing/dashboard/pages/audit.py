"""Audit: who changed what, where the chain stands, and verifying all of it while others go on writing."""

from functools import partial

import msgspec

from farthing.dashboard.visit import Answer, Visit, see
from farthing.domain.budget import Unit
from farthing.domain.errors import BadRequest
from farthing.domain.money import usd
from farthing.domain.refusal import amount_text

PAGE = 50
ADDRESS = "/dashboard/audit"
_BESIDE = ("at_ms", "by", "run", "name")
"""What the other columns say."""


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
        words=words,
        verifying=visit.house.verifier.last,
    )


def words(detail: str) -> str:
    """The detail of a change for people: JSON as its names and values, without those that say nothing or stand beside it."""
    try:
        found = msgspec.json.decode(detail)
    except msgspec.DecodeError:
        return detail
    if not isinstance(found, dict):
        return detail
    if "account" in found and isinstance(found.get("amount"), int):  # a grant, in the base of its account's unit
        found["amount"] = amount_text(Unit(found["account"][2]), found["amount"])
    pairs = ((name, value) for name, value in found.items() if value not in ("", None, [], {}) and name not in _BESIDE)
    return ", ".join(f"{name.replace('_', ' ')} {_told(name, value)}" for name, value in pairs)


def _told(name: str, value: object) -> str:
    if name.endswith("nanos") and isinstance(value, int):
        return f"${usd(value)}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " · ".join(str(each) for each in value if each not in ("", None))
    return str(value)


async def verify(visit: Visit) -> Answer:
    """Begin to verify the whole chain."""
    visit.house.verifier.begin(visit.engine.audit, visit.now_ms)
    return see(ADDRESS)


async def progress(visit: Visit) -> Answer:
    """How far it is; the page asks again until it is done."""
    if visit.house.verifier.last is None:
        raise BadRequest("nothing is being verified", status=404)
    return await visit.page("audit_progress.html", verifying=visit.house.verifier.last)
