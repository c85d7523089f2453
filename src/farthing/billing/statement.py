"""Statements: what each team pays for a month, its own costs, its part of the shared ones and corrections apart.

Amounts are billionths of the statement's currency. Every amount is its exact value rounded down or up, and all amounts of all
teams together are the month's total, rounded once. In dollars nothing is rounded but the parts of shared costs.
"""

from collections.abc import Iterable
from fractions import Fraction

import msgspec

from farthing.billing.allocation import Part, parts_of
from farthing.billing.books import Bill
from farthing.billing.focus_words import meter_words
from farthing.billing.shares import rounded
from farthing.domain.budget import Unit
from farthing.domain.currency import NoRate, Rates
from farthing.domain.errors import BadRequest
from farthing.ports.billing import BillTerms, ClosedPeriod

DIRECT, SHARED, CORRECTION = "direct", "shared", "correction"
_KINDS = (DIRECT, SHARED, CORRECTION)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One amount of a statement."""

    kind: str
    """`direct`, `shared` or `correction`."""
    labels: tuple[str, ...]
    """Values of `terms.names` without the team; empty for a part of shared costs."""
    model: str
    """"" for a part of shared costs, and for a cost beside models."""
    other: str
    """The kind of a cost beside models, also in a part of shared ones; "" for what calls cost."""
    month: str
    """The month a correction corrects; "" else."""
    nanos: int
    """Billionths of the statement's currency."""
    requests: int
    tokens: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What one team pays for one month."""

    month: str
    team: str
    """"" for shared costs that are not divided."""
    unit: Unit
    terms: BillTerms
    items: tuple[Item, ...]
    usd_nanos: int
    """The total in nano-dollars."""
    closed: ClosedPeriod | None
    open_attempts: int
    """Of all teams: attempts whose cost is not known yet."""
    unpriced: int
    """Attempts of this team that nobody knows the price of."""

    def sum_of(self, kind: str) -> int:
        """Of its items of one kind."""
        return sum(item.nanos for item in self.items if item.kind == kind)

    @property
    def other_nanos(self) -> int:
        """The part of the total that is costs beside models."""
        return sum(item.nanos for item in self.items if item.other)

    @property
    def total_nanos(self) -> int:
        return sum(item.nanos for item in self.items)


_Key = tuple[str, int, str, tuple[str, ...], str, str]
"""Team, place of the kind, corrected month, labels, model, kind of other cost."""


class _Sum:
    __slots__ = ("exact", "picos", "requests", "tokens", "unpriced")

    def __init__(self) -> None:
        self.exact = Fraction(0)
        self.picos = 0
        self.requests = self.tokens = self.unpriced = 0


def statements(bill: Bill, rates: Rates, unit: Unit | None = None) -> tuple[Statement, ...]:
    """One statement for each team that has something to pay, by name; shared costs that nobody bears come last.

    Other currencies use the rate of the day on which a charge was made. Raises BadRequest where there is none.
    """
    unit = unit or bill.terms.currency
    sums: dict[_Key, _Sum] = {}
    converted = _Converter(unit, rates)
    for part in parts_of(bill):
        found = sums.setdefault(_key(part), _Sum())
        found.exact += converted(part)
        found.picos += part.picos
        found.requests += part.requests
        found.tokens += _tokens(part)
        found.unpriced += part.line.quantity if part.line.meter == "unpriced" and part.split is None else 0
    keys = sorted(sums, key=lambda key: (not key[0], key))
    amounts = dict(zip(keys, rounded([sums[key].exact for key in keys]), strict=True))
    teams = list(dict.fromkeys(key[0] for key in keys))
    dollars = rounded([_usd(sums[key].picos for key in keys if key[0] == team) for team in teams])
    return tuple(
        _statement(bill, unit, team, usd_nanos, {key: (sums[key], amounts[key]) for key in keys if key[0] == team})
        for team, usd_nanos in zip(teams, dollars, strict=True)
    )


def total_of(every: Iterable[Statement]) -> int:
    """Of several statements in one currency."""
    return sum(statement.total_nanos for statement in every)


class _Converter:
    """Pico-dollars in billionths of a currency, exactly."""

    def __init__(self, unit: Unit, rates: Rates) -> None:
        self._unit = unit
        self._rates = rates
        self._known: dict[int, Fraction] = {}

    def __call__(self, part: Part) -> Fraction:
        return part.picos * self._each(part.line.start_ms)

    def _each(self, at_ms: int) -> Fraction:
        found = self._known.get(at_ms)
        if found is None:
            rate = self._rates.at(self._unit, at_ms)
            if isinstance(rate, NoRate):
                raise BadRequest(f"{rate.reason}; add one under [currencies.{self._unit.currency}]", field="currency")
            found = self._known[at_ms] = Fraction(rate.times, rate.over)
        return found


def _key(part: Part) -> _Key:
    line = part.line
    if line.corrects:
        return part.team, _KINDS.index(CORRECTION), line.corrects, line.labels[1:], line.model, line.other
    if part.split is not None:
        return part.team, _KINDS.index(SHARED), "", (), "", line.other
    return part.team, _KINDS.index(DIRECT), "", line.labels[1:], line.model, line.other


def _tokens(part: Part) -> int:
    line = part.line
    whole = part.split is None and line.has_price and meter_words(line.meter)[1] == "Tokens"
    return line.quantity if whole else 0


def _usd(picos: Iterable[int]) -> Fraction:
    return Fraction(sum(picos), 1_000)


def _statement(bill: Bill, unit: Unit, team: str, usd_nanos: int, sums: dict[_Key, tuple[_Sum, int]]) -> Statement:
    items = tuple(
        Item(
            kind=_KINDS[kind],
            labels=labels,
            model=model,
            other=other,
            month=month,
            nanos=nanos,
            requests=found.requests,
            tokens=found.tokens,
        )
        for (_, kind, month, labels, model, other), (found, nanos) in sums.items()
    )
    return Statement(
        month=bill.month,
        team=team,
        unit=unit,
        terms=bill.terms,
        items=items,
        usd_nanos=usd_nanos,
        closed=bill.closed,
        open_attempts=bill.open_attempts,
        unpriced=sum(found.unpriced for found, _ in sums.values()),
    )
