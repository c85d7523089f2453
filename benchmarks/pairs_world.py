"""The calls of `pairs.py`: organisations, teams, users and runs, their budgets, and a clock that moves with every call."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

from farthing.budgets.hold import charges
from farthing.budgets.match import Resolver
from farthing.budgets.terms import TermsBook
from farthing.domain.budget import Budget, Unit
from farthing.domain.currency import Currency, DatedRate, Rates
from farthing.domain.hold import Charge
from farthing.domain.record import Labels

ORGANISATIONS, TEAMS_EACH, USERS_EACH = 8, 3, 4
USERS = ORGANISATIONS * TEAMS_EACH * USERS_EACH
CALLS_A_DAY = 18_000
STEP_MS = 86_400_000 // CALLS_A_DAY
BEGINS = datetime(2026, 10, 31, 6, tzinfo=UTC)
FLOOR = 16
MODELS = ((137_501, 600_007), (1_100_003, 4_400_039), (3_000_017, 15_000_101))
"""Pico-dollars per token of input and output: odd, so that every amount has to be rounded."""
EUR = Unit("eur")
EUR_IN_USD = ((date(2026, 10, 1), "1.0837"), (date(2026, 11, 10), "1.1213"))
PAUSE_MS = 600_000
RUN_CALLS = 40
"""After about so many calls a user begins another run."""


class Ask(NamedTuple):
    """One call before it asks for money."""

    at_ms: int
    labels: Labels
    input_price: int
    output_price: int
    input_bound: int
    cap: int
    charges: tuple[Charge, ...]

    @property
    def floor(self) -> int:
        return min(FLOOR, self.cap)

    def picos(self, input_tokens: int, output_tokens: int) -> int:
        """What so many tokens of it cost."""
        return input_tokens * self.input_price + output_tokens * self.output_price


def budgets(pairs: int) -> tuple[Budget, ...]:
    """Four levels and five windows, sized so that many are used up when `pairs` calls are paid."""
    call = _usual_nanos()
    organisation = call * pairs // ORGANISATIONS
    months = max(1, pairs // (25 * CALLS_A_DAY))
    team = organisation * 23 // (20 * TEAMS_EACH * months) * 10_000 // 10_837
    return (
        Budget(name="organisation", each="org", limits=((Unit.USD, _sized(organisation * 27 // 25)),)),
        Budget(
            name="team, monthly",
            each="team",
            window="month",
            tz="Europe/Amsterdam",
            money=EUR,
            limits=((EUR, _sized(team)),),
        ),
        Budget(name="user, daily", each="user", window="day", limits=((Unit.USD, _sized(call * 300)),)),
        Budget(name="user, any 24 hours", each="user", window="rolling:24h", limits=((Unit.USD, _sized(call * 340)),)),
        Budget(
            name="run",
            window="run",
            limits=((Unit.USD, _sized(call * 36)), (Unit.CALLS, RUN_CALLS * 3 // 2), (Unit.TOKENS, 130_000)),
        ),
    )


def _sized(nanos: int) -> int:
    """Never a round number: a limit is met to the last nano-dollar or not at all."""
    return nanos | 1


def _usual_nanos() -> int:
    """What a call costs in the middle of all that `World` makes up."""
    inputs, outputs = 1_050, 500
    return sum(inputs * price + outputs * dear for price, dear in MODELS) // len(MODELS) // 1_000


class World:
    """Makes up calls, one after another. The same seed makes the same ones."""

    def __init__(self, pairs: int, seed: int) -> None:
        self.budgets = budgets(pairs)
        self.chance = random.Random(seed)
        self.now_ms = int(BEGINS.timestamp() * 1_000)
        rates = Rates((Currency(EUR, tuple(DatedRate(day, Decimal(usd)) for day, usd in EUR_IN_USD)),))
        self._resolver, self._terms = Resolver(self.budgets, rates=rates), TermsBook()
        self._runs = [0] * USERS
        self._pauses = [0] * USERS
        self._weights = [_weight(user) for user in range(USERS)]

    def ask(self) -> Ask:
        """The next call, a moment later than the one before."""
        chance = self.chance
        self.now_ms += chance.randrange(2 * STEP_MS)
        user = self._user()
        if chance.randrange(RUN_CALLS) == 0:
            self._runs[user] += 1
        team = user // USERS_EACH
        labels = (
            ("org", f"o{team // TEAMS_EACH}"),
            ("run", f"u{user}-{self._runs[user]}"),
            ("team", f"t{team}"),
            ("user", f"u{user}"),
        )
        prices = chance.choice(MODELS)
        input_bound, cap = chance.randrange(100, 3_000), chance.randrange(8, 2_048)
        return Ask(self.now_ms, labels, *prices, input_bound, cap, self._charges(labels, prices, input_bound))

    def used(self, ask: Ask, cap: int) -> tuple[int, int]:
        """Input and output tokens that the call turns out to have: most are far below their bounds, some are at them."""
        if self.chance.randrange(20) == 0:
            return ask.input_bound, cap
        return self.chance.randint(ask.input_bound // 2, ask.input_bound), self.chance.randint(0, cap)

    def refused(self, ask: Ask) -> None:
        """What an agent does that was refused: its user begins anew, a little later."""
        labels = dict(ask.labels)
        user, run = int(labels["user"][1:]), int(labels["run"].rpartition("-")[2])
        self._runs[user] = max(self._runs[user], run + 1)
        self._pauses[user] = self.now_ms + PAUSE_MS

    def _user(self) -> int:
        """Whose call it is: some call far more often than others, and few of those who were just refused."""
        for user in self.chance.choices(range(USERS), self._weights, k=8):
            if self._pauses[user] <= self.now_ms:
                break
        return user

    def _charges(self, labels: Labels, prices: tuple[int, int], input_bound: int) -> tuple[Charge, ...]:
        terms = self._terms.of(self._resolver.accounts(labels, None, at_ms=self.now_ms))
        return charges(
            terms.accounts,
            base_picos=input_bound * prices[0],
            slope_picos=prices[1],
            input_tokens=input_bound,
            extra_output_tokens=0,
            choices=1,
        )


def _weight(user: int) -> float:
    """How often a user calls beside others: organisations, teams and users each have their great spenders."""
    team = user // USERS_EACH
    return (2 + team // TEAMS_EACH) * (1 + team % TEAMS_EACH) / (1 + user % USERS_EACH)
