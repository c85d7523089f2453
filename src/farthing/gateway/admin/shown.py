"""How the admin side writes moments and amounts: ISO 8601 in UTC, and decimal strings with their unit beside them."""

from datetime import UTC, datetime

from farthing.domain.budget import Unit
from farthing.domain.errors import BadRequest
from farthing.domain.money import MAX_NANOS, parse_usd


def moment(ms: int | None) -> datetime | None:
    """Milliseconds since 1970 as a moment in UTC; None for none."""
    return at(ms) if ms else None


def at(ms: int) -> datetime:
    """As `moment`, where there surely is one."""
    seconds, rest = divmod(ms, 1_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1_000)


def amount_in(unit: Unit, text: str, field: str) -> int:
    """A decimal string in the unit's base. Raises BadRequest 400: money may have a point, counts are whole."""
    if unit.currency:
        try:
            return parse_usd(text)
        except ValueError as error:
            raise BadRequest(str(error).replace("USD", unit.currency), field=field) from error
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > MAX_NANOS:
        raise BadRequest(f'{text[:40]!r} is not a whole number of {unit.value}, like "100000"', field=field)
    return int(text)
