"""What a decision makes of a request, the same in every store: decided once, never too late, granted to open windows only."""

import msgspec

from farthing.domain.budget import Grant
from farthing.domain.errors import BadRequest
from farthing.domain.ids import show
from farthing.domain.money import MAX_NANOS
from farthing.ports.approvals import DECLINED, EXPIRED, GRANTED, PREFIX, Approval, Petition

Decided = tuple[Approval, tuple[Grant, ...]]
"""The request as it is now, and the grants to be stored with it."""


def granted(found: Approval | None, id: int, *, by: str, reason: str, amount: int | None, now_ms: int) -> Decided:
    """Raises BadRequest 404, 409 where it has expired, 400 for an amount that is none. No grants where it was decided."""
    now = _decidable(found, id, now_ms)
    if now.decided_ms:
        return now, ()
    more = now.petition.short if amount is None else amount
    if not 0 <= more <= MAX_NANOS or (more == 0 and not now.petition.at_millionths):
        raise BadRequest("an approval adds more than nothing", field="amount")
    made = _decided(now, GRANTED, by, reason, now_ms, more)
    why = f"{show(PREFIX, id)}: {reason}" if reason else show(PREFIX, id)
    accounts = now.petition.open_accounts(now_ms) if more else ()
    return made, tuple(Grant(account=each, amount=more, by=by, reason=why, at_ms=now_ms) for each in accounts)


def declined(found: Approval | None, id: int, *, by: str, reason: str, now_ms: int) -> Approval:
    """Raises as `granted`."""
    now = _decidable(found, id, now_ms)
    return now if now.decided_ms else _decided(now, DECLINED, by, reason, now_ms, 0)


def joined(found: Approval, petition: Petition) -> Approval:
    """An open request that another call joins: it asks for what the hungrier of them needs."""
    asked = found.petition
    if petition.short <= asked.short and petition.worst <= asked.worst:
        return found
    more = msgspec.structs.replace(
        asked, short=max(asked.short, petition.short), worst=max(asked.worst, petition.worst)
    )
    return msgspec.structs.replace(found, petition=more)


def _decidable(found: Approval | None, id: int, now_ms: int) -> Approval:
    if found is None:
        raise BadRequest(f"there is no approval {show(PREFIX, id)!r}", field="path", status=404, code="not_found")
    now = found.at(now_ms)
    if now.state == EXPIRED:
        closes_ms = now.petition.closes_ms
        why = "its window has closed" if closes_ms and now_ms >= closes_ms else "nobody decided in time"
        raise BadRequest(
            f"{show(PREFIX, id)} has expired: {why}; a call that still needs it asks again",
            field="path",
            status=409,
            code="conflict",
        )
    return now


def _decided(now: Approval, state: str, by: str, reason: str, now_ms: int, amount: int) -> Approval:
    return msgspec.structs.replace(now, state=state, by=by, reason=reason, decided_ms=now_ms, amount=amount)
