"""The last line of a call's record."""

from farthing.call.arrival import Arrival
from farthing.call.desk import Desk
from farthing.domain.record import CallClosing


def closing(
    arrival: Arrival,
    desk: Desk,
    outcome: str,
    status: int,
    *,
    first_byte_ms: int | None = None,
    code: str = "",
    detail: str = "",
) -> CallClosing:
    """How a call ended, as of now. `first_byte_ms` counts from its arrival."""
    return CallClosing(
        id=arrival.id,
        outcome=outcome,
        status=status,
        finished_ms=desk.now_ms(),
        first_byte_ms=first_byte_ms,
        code=code,
        detail=detail[:300],
    )
