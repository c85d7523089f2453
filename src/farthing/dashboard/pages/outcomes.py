"""The forms of a run's page: how it went, and what it cost beside models. The admin side's own functions do it."""

from functools import partial
from typing import Any, TypeVar

import msgspec

from farthing.dashboard.pages.runs import address
from farthing.dashboard.visit import Answer, Visit, see
from farthing.domain.errors import BadRequest
from farthing.gateway.admin import outcomes
from farthing.gateway.admin.endpoint import missing
from farthing.gateway.admin.outcomes import NewCost, NewOutcome

T = TypeVar("T", bound=msgspec.Struct)


async def judge(visit: Visit) -> Answer:
    """Say what a run came to; a later word replaces an earlier one."""
    run = await _run(visit)
    score = visit.form.get("score", "").strip()
    went = visit.wanted("went")
    if went not in ("well", "badly"):
        raise BadRequest("went is `well` or `badly`", field="went")
    try:
        told = {"success": went == "well", "score": float(score) if score else None}
    except ValueError:
        raise BadRequest("a score is a number from 0 to 1, like 0.9", field="score") from None
    body = _as(NewOutcome, run=run, note=visit.form.get("note", "").strip(), **told)
    await outcomes.judge_run(visit.asked(body))
    return see(address(run), "judged")


async def book(visit: Visit) -> Answer:
    """Book what a run cost beside models. A form that is sent twice is booked once."""
    run = await _run(visit)
    body = _as(
        NewCost,
        run=run,
        usd=visit.wanted("amount").lstrip("$").replace(",", ""),
        kind=visit.wanted("kind"),
        note=visit.form.get("note", "").strip(),
        once=visit.wanted("once"),
    )
    booked = await outcomes.book_cost(visit.asked(body))
    return see(address(run), "booked" if booked.booked else "known")


async def _run(visit: Visit) -> str:
    """The run of the form. Raises BadRequest 404 where there is none: a slip of the pen must not make one."""
    run = visit.wanted("run")
    await visit.engine.ledger.flush()
    if await visit.read(partial(visit.engine.history.run, run)) is None:
        raise missing("run", run[:80])
    return run


def _as(struct: type[T], **told: Any) -> T:
    """Raises BadRequest 400 that says which field is wrong."""
    try:
        return msgspec.convert(told, struct)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$.")
        raise BadRequest(f"{place.rstrip('`') or 'form'}: {said}"[:300], field=place.rstrip("`") or "form") from None
