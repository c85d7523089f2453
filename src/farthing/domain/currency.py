"""Other currencies: dated rates, pinned when money is reserved. Nothing is fetched.

A rate says how many dollars one unit of a currency is, from the first moment (UTC) of its date until the next one's.
Accounts in a currency hold billionths of it; a price in pico-dollars becomes those by an exact fraction, rounded up once.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import msgspec

from farthing.domain.budget import Unit
from farthing.domain.money import PICOS_PER_NANO

DAY_MS = 86_400_000
DEFAULT_AGE_DAYS = 92
"""How old a rate may grow, unless the configuration says otherwise: a quarter."""
_EPOCH = date(1970, 1, 1)


class DatedRate(msgspec.Struct, frozen=True):
    """Dollars for one unit of a currency, from a day on."""

    day: date
    usd: Decimal
    """Above 0; kept exactly."""


class Currency(msgspec.Struct, frozen=True):
    """One currency's rates, and how long the last of them may be used."""

    unit: Unit
    rates: tuple[DatedRate, ...]
    max_age_days: int = DEFAULT_AGE_DAYS


class Rate(NamedTuple):
    """`ceil(pico-dollars * times / over)` is the amount in billionths of the currency. True before `until_ms`."""

    times: int
    over: int
    until_ms: int


class NoRate(NamedTuple):
    """No rate holds now: money in this currency cannot be counted."""

    reason: str
    until_ms: int


DOLLARS = Rate(1, PICOS_PER_NANO, 2**63 - 1)


class Rates:
    """All rates that a configuration names. Immutable."""

    __slots__ = ("_by_unit",)

    def __init__(self, currencies: Iterable[Currency] = ()) -> None:
        self._by_unit: dict[Unit, list[tuple[int, Rate | NoRate]]] = {
            currency.unit: list(_turns(currency)) for currency in currencies
        }

    def at(self, unit: Unit, at_ms: int) -> Rate | NoRate:
        """The rate at a moment; dollars are always themselves."""
        if unit is Unit.USD:
            return DOLLARS
        turns = self._by_unit.get(unit)
        if turns is None:
            return NoRate(f"no rates are given for {unit.currency}", 2**63 - 1)
        return next(rate for opens_ms, rate in reversed(turns) if opens_ms <= at_ms)


def _turns(currency: Currency) -> Iterable[tuple[int, Rate | NoRate]]:
    """From when on which rate holds, or none: before the first, and where the last has grown too old."""
    dated = sorted(currency.rates, key=lambda rate: rate.day)
    opens = [(rate.day - _EPOCH).days * DAY_MS for rate in dated]
    code = currency.unit.currency
    yield -(2**63), NoRate(f"no rate for {code} holds yet", opens[0] if opens else 2**63 - 1)
    for place, (rate, opens_ms) in enumerate(zip(dated, opens, strict=True)):
        stale_ms = opens_ms + currency.max_age_days * DAY_MS
        until_ms = min(stale_ms, *opens[place + 1 : place + 2]) if place + 1 < len(opens) else stale_ms
        dollars = Fraction(rate.usd)
        yield opens_ms, Rate(dollars.denominator, dollars.numerator * PICOS_PER_NANO, until_ms)
        if until_ms == stale_ms:
            after = opens[place + 1] if place + 1 < len(opens) else 2**63 - 1
            why = f"the rate for {code} of {rate.day} is older than {currency.max_age_days} days"
            yield stale_ms, NoRate(why, after)
