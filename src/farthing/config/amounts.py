"""Money in settings: amounts with their currency, and dated rates."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, NamedTuple

from farthing.config.values import Read, Surroundings, Wrong, plain, seconds
from farthing.domain.budget import Unit
from farthing.domain.currency import DatedRate
from farthing.domain.money import parse_money


class Amount(NamedTuple):
    """Money as a file names it: billionths of its currency."""

    unit: Unit
    amount: int


def money(value: object, _: Surroundings) -> Amount:
    """An amount with its currency, in billionths of it."""
    if not isinstance(value, str):
        raise Wrong('must be an amount in quotes, like "500 USD"')
    code, nanos = parse_money(value)
    return Amount(Unit(code.lower()), nanos)


def currency(value: object, around: Surroundings) -> Unit:
    """The code of a currency."""
    code = plain(value, around)
    if re.fullmatch(r"[A-Za-z]{3}", code) is None:
        raise Wrong(f"{code!r} is not the code of a currency; write three letters, like EUR")
    return Unit(code.lower())


def rates(value: object, _: Surroundings) -> tuple[DatedRate, ...]:
    """Dated rates, dollars for one unit: `{ "2026-11-01" = 1.08 }`."""
    if not isinstance(value, dict) or not value:
        raise Wrong('must be a table of dated rates, dollars for one unit, like { "2026-11-01" = 1.08 }')
    return tuple(DatedRate(_day(day), _rate(day, usd)) for day, usd in value.items())


def days(value: object, around: Surroundings) -> int:
    """A duration of whole days."""
    found = seconds(value, around)
    if found < 86_400 or found % 86_400:
        raise Wrong('must be whole days, like "92d"')
    return int(found) // 86_400


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Wrong(f"{text!r} is not a date; write it like 2026-11-01") from error


def _rate(day: str, value: object) -> Decimal:
    number = Decimal(value) if isinstance(value, int | Decimal) else Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or not Decimal("1e-6") <= number <= 1_000_000:
        raise Wrong(f"the rate of {day} must be dollars for one unit, above 0, like 1.08")
    if len(number.as_tuple().digits) > 12:
        raise Wrong(f"the rate of {day} has more than twelve digits")
    return number


Money = Annotated[Amount, Read(money)]
