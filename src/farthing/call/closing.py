"""The last line of a call's record."""

from farthing.call.arrival import Arrival
from farthing.domain.record import CallClosing

_LONGEST_DETAIL = 300


def closing(
    arrival: Arrival,
    at_ms: int,
    outcome: str,
    status: int,
    *,
    first_byte_ms: int | None = None,
    code: str = "",
    detail: str = "",
) -> CallClosing:
    """How a call ended, at `at_ms` since 1970. `first_byte_ms` counts from its arrival."""
    return CallClosing(
        id=arrival.id,
        outcome=outcome,
        status=status,
        finished_ms=at_ms,
        first_byte_ms=first_byte_ms,
        code=code,
        detail=detail[:_LONGEST_DETAIL],
    )
