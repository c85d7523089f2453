"""What `pairs.py` holds the ledger against: every account as plain sums, by arithmetic and calendars of its own.

`Model` follows what the ledger was told and has answered, in that order. A hold is known here after the ledger made it,
and an end before the ledger applies it; so what is here is never more than what is there, and whatever is over a limit
here was over it there.
"""

from array import array
from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from pairs_world import EUR, EUR_IN_USD, Ask

from farthing.domain.budget import AccountKey, Budget, Standing

REMEMBERED = 20_000
"""How many moves of an account are known at least: far more than there are while one call waits."""
DAY_MS = 86_400_000


class Side(msgspec.Struct):
    """One account, in its own base."""

    limit: int
    posted: int = 0
    unknown: int = 0
    held: int = 0
    real: int = 0
    """What was posted, before its rounding: in millionths of the base."""
    at_first_refusal: float | None = None
    """The share of its limit that was really spent by then; None where it refused nothing."""
    moves: int = 0
    spents: "array[int]" = msgspec.field(default_factory=lambda: array("q", [0]))
    """The latest values of posted + unknown."""

    @property
    def share(self) -> float:
        """How much of its limit was really spent."""
        return self.real / 1_000_000 / self.limit

    def moved(self) -> None:
        self.moves += 1
        self.spents.append(self.posted + self.unknown)
        if len(self.spents) > 2 * REMEMBERED:
            del self.spents[:REMEMBERED]

    def since(self, mark: int) -> "array[int]":
        """What was spent at each moment since it had moved so often; nothing where that is forgotten."""
        wanted = self.moves - mark + 1
        return self.spents[-wanted:] if wanted <= len(self.spents) else array("q")


class Amounts(NamedTuple):
    """What a call is in each unit."""

    usd: int
    eur: int
    calls: int
    tokens: int
    real_usd: int
    """Before rounding, in millionths of a nano-dollar."""
    real_eur: int


class Model:
    """All accounts, and what is wrong with what the ledger said about them."""

    def __init__(self, budgets: tuple[Budget, ...]) -> None:
        self.limits = {(budget.name, unit): limit for budget in budgets for unit, limit in budget.limits}
        self.sides: dict[AccountKey, Side] = {}
        self.over: dict[AccountKey, int] = {}
        """By account, the most that was ever held and spent above its limit."""
        self.false_refusals: list[str] = []
        self.wrong_holds: list[str] = []
        self.by_calendar: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._by_user: defaultdict[str, tuple[array[int], array[int]]] = defaultdict(lambda: (array("q"), array("q")))

    def side(self, key: AccountKey) -> Side:
        side = self.sides.get(key)
        if side is None:
            side = self.sides[key] = Side(self.limits[key.budget, key.unit])
        return side

    def marks(self, ask: Ask) -> list[int]:
        """Where every account stands as the call asks."""
        return [self.side(charge.account).moves for charge in ask.charges]

    # What the ledger answers and is told

    def held(self, ask: Ask, cap: int, held: tuple[tuple[AccountKey, int], ...]) -> None:
        amounts = amounts_of(ask, ask.input_bound, cap)
        for key, amount in held:
            if amount != _of(amounts, key):
                self.wrong_holds.append(f"{key} holds {amount} for {_of(amounts, key)}")
            side = self.side(key)
            side.held += amount
            self._watch(key, side)

    def settled(self, ask: Ask, cap: int, used: tuple[int, int], *, was_unknown: bool) -> None:
        worst, spent = amounts_of(ask, ask.input_bound, cap), amounts_of(ask, *used)
        for charge in ask.charges:
            key = charge.account
            side = self.side(key)
            if was_unknown:
                side.unknown -= _of(worst, key)
            else:
                side.held -= _of(worst, key)
            side.posted += _of(spent, key)
            side.real += _real_of(spent, key)
            side.moved()
            self._watch(key, side)
        self._keep_by_calendar(ask, spent)

    def lost(self, ask: Ask, cap: int) -> None:
        worst = amounts_of(ask, ask.input_bound, cap)
        for charge in ask.charges:
            side = self.side(charge.account)
            side.held -= _of(worst, charge.account)
            side.unknown += _of(worst, charge.account)
            side.moved()

    def voided(self, ask: Ask, cap: int) -> None:
        worst = amounts_of(ask, ask.input_bound, cap)
        for charge in ask.charges:
            self.side(charge.account).held -= _of(worst, charge.account)

    def refused(self, ask: Ask, standing: Standing, marks: list[int]) -> None:
        """`budget_exceeded`: it must have stood like that since the call asked, and have left too little for its floor."""
        key = standing.account
        side, need = self.side(key), _of(amounts_of(ask, ask.input_bound, ask.floor), key)
        mark = next(mark for charge, mark in zip(ask.charges, marks, strict=True) if charge.account == key)
        spent = standing.posted + standing.unknown
        if standing.limit != side.limit or standing.needed != need:
            self.false_refusals.append(f"{standing}: the limit is {side.limit}, the need {need}")
        elif spent not in side.since(mark):
            self.false_refusals.append(f"{standing}: never since it asked were {spent} spent")
        elif side.limit - spent >= need:
            self.false_refusals.append(f"{standing}: {side.limit - spent} were left for {need}")
        if side.at_first_refusal is None:
            side.at_first_refusal = side.share

    # What came of it all

    def differences(self, standings: tuple[Standing, ...]) -> list[str]:
        """Where the ledger's accounts are not what they must be once nothing is in flight."""
        found = {standing.account: (standing.posted, standing.held, standing.unknown) for standing in standings}
        expected = {key: (side.posted, 0, 0) for key, side in self.sides.items() if key in found or side.moves}
        return [
            f"{key}: {found.get(key)} instead of {expected.get(key)}"
            for key in found.keys() | expected.keys()
            if found.get(key) != expected.get(key)
        ]

    def overspent_by_calendar(self) -> dict[tuple[str, str], int]:
        """What was spent above a limit in any organisation, month, day, run or span of 24 hours, by the moments of calls."""
        money = {name: limit for (name, unit), limit in self.limits.items() if unit.currency}
        over = {who: spent - money[who[0]] for who, spent in self.by_calendar.items() if spent > money[who[0]]}
        limit = money["user, any 24 hours"]
        for user, (moments, amounts) in self._by_user.items():
            most = _most_in_a_day(moments, amounts)
            if most > limit:
                over["user, any 24 hours", user] = most - limit
        return over

    def _watch(self, key: AccountKey, side: Side) -> None:
        above = side.posted + side.unknown + side.held - side.limit
        if above > 0:
            self.over[key] = max(above, self.over.get(key, 0))

    def _keep_by_calendar(self, ask: Ask, spent: Amounts) -> None:
        labels = dict(ask.labels)
        moment = datetime.fromtimestamp(ask.at_ms / 1_000, UTC)
        local = moment.astimezone(_AMSTERDAM)
        kept = self.by_calendar
        kept["organisation", labels["org"]] += spent.usd
        kept["team, monthly", f"{labels['team']} {local.year}-{local.month}"] += spent.eur
        kept["user, daily", f"{labels['user']} {moment.date()}"] += spent.usd
        kept["run", labels["run"]] += spent.usd
        moments, amounts = self._by_user[labels["user"]]
        moments.append(ask.at_ms)
        amounts.append(spent.usd)


_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_RATES = [
    (int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1_000), *Fraction(usd).as_integer_ratio())
    for day, usd in EUR_IN_USD
]
"""From when on how many dollars (numerator, denominator) a euro is."""


def amounts_of(ask: Ask, input_tokens: int, output_tokens: int) -> Amounts:
    """What so many tokens are in every unit, at the rate of the day of the call; money rounded up."""
    picos = ask.picos(input_tokens, output_tokens)
    dollars, euros = next((rate for opens_ms, *rate in reversed(_RATES) if opens_ms <= ask.at_ms))
    return Amounts(
        usd=-(-picos // 1_000),
        eur=-(-picos * euros // (dollars * 1_000)),
        calls=1,
        tokens=input_tokens + output_tokens,
        real_usd=picos * 1_000,
        real_eur=picos * 1_000 * euros // dollars,
    )


def _of(amounts: Amounts, key: AccountKey) -> int:
    amount: int = getattr(amounts, key.unit.value)
    return amount


def _real_of(amounts: Amounts, key: AccountKey) -> int:
    return amounts.real_eur if key.unit is EUR else amounts.real_usd


def _most_in_a_day(moments: Iterable[int], amounts: Iterable[int]) -> int:
    """The most that calls less than 24 hours apart came to."""
    inside: deque[tuple[int, int]] = deque()
    most = total = 0
    for moment, amount in sorted(zip(moments, amounts, strict=True)):
        inside.append((moment, amount))
        total += amount
        while inside[0][0] <= moment - DAY_MS:
            total -= inside.popleft()[1]
        most = max(most, total)
    return most
