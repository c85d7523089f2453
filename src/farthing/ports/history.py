"""History: what the past came to, by group, by meter and by run. What is over is summed once; nothing is ever stale.

Every sum equals the ledger to the nano-dollar at the moment it is read: a change of something that was summed before
takes its sum back. How a cost is explained (rates, naive cost) stays as the book said when it was summed.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.record import AttemptOpening, Labels
from farthing.domain.usage import Usage
from farthing.ports.outcomes import Outcome
from farthing.ports.records import UsageRow

CardOf = Callable[[AttemptOpening], PriceCard | Unpriced]
"""What the book says of the model of an attempt, at the moment it was opened."""

NAMES = ("model", "provider", "key", "outcome", "tier", "route", "hour", "day", "month")
"""What groups and filters may name beside labels: `model` as the provider was asked, `tier` as billed (`standard`, `flex`,
…), `hour` like `2026-11-30T14`, `day` like `2026-11-30`, `month` like `2026-11`; all UTC, by the call's arrival."""


class MeterRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one group used and paid on one meter at one price. The rows of a group sum to its cost exactly."""

    group: tuple[str, ...]
    meter: str
    """As `farthing.pricing.cost.Line.kind`; `rounding`; or `unexplained`: what the book in force gives no lines for
    (an estimate, an operator's word, another edition of the book)."""
    quantity: int
    """Tokens, searches or requests; 0 for `rounding` and `unexplained`."""
    picos_each: int
    picos: int


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run as a whole."""

    run: str
    labels: Labels
    """Those of its first call, without `run` and `step`."""
    prompt: str
    """The prompt version (`Skeleton.prompt_digest`) of its first call that has one."""
    models: tuple[str, ...]
    first_ms: int
    """Arrival of its first call."""
    last_ms: int
    """Arrival of its last call."""
    calls: int
    refused: int
    attempts: int
    open: int
    unpriced: int
    usage: Usage
    largest_input_tokens: int
    """Of one call: how far its context grew."""
    cost_nanos: int
    naive_nanos: int
    """As in `UsageRow`, by the book that explained its calls."""
    other_nanos: int
    """What it cost beside models."""
    outcome: Outcome | None


class OutcomeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the runs of one group came to."""

    group: tuple[str, ...]
    runs: int
    judged: int
    """Runs somebody spoke for."""
    succeeded: int
    cost_nanos: int
    """Of all its runs, models and the rest."""
    judged_nanos: int
    """Of the runs that were judged."""
    succeeded_nanos: int
    """Of the runs that succeeded."""
    judged_square_usd: float
    """Sum of squares of the judged runs' costs in dollars: for intervals, never for bills."""
    scored: int
    score_sum: float


class OtherCostRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the runs of one group cost beside models, of one kind."""

    group: tuple[str, ...]
    kind: str
    """As `farthing.ports.outcomes.OtherCost.kind`."""
    bookings: int
    nanos: int


class Summing(msgspec.Struct, frozen=True, kw_only=True):
    """How far the past is summed, of what should be summed by now: not the last hour or two."""

    hours: int
    """From the first call on."""
    summed_hours: int
    days: int
    """UTC days that these hours are in."""
    summed_days: int
    since_ms: int
    """Everything from here on is summed: so far back answers come at once."""

    @property
    def done(self) -> bool:
        return self.summed_hours == self.hours

    @property
    def percent(self) -> int:
        """Whole percent of the hours; 100 only when it is done."""
        return 100 if self.done else self.summed_hours * 100 // self.hours

    def __str__(self) -> str:
        """For people."""
        days = f"{self.summed_days:,} of {self.days:,} days"
        return "the past is summed up" if self.done else f"summing up the past: {self.percent} % ({days})"


class History(Protocol):
    """Blocking: call off the event loop. No read holds a transaction for a second. Raises LedgerUnavailable, and as one of
    these PastUnsummed where so much is not summed yet that an answer would take long: what the gateway asks never hangs.
    Questions about one run are always answered.

    Times select by arrival, `since_ms <= t < until_ms`. `by` and the names of `where` are labels or `NAMES`; "" stands for
    calls without that label.
    """

    def usage(
        self,
        *,
        by: tuple[str, ...],
        since_ms: int,
        until_ms: int,
        where: Labels = (),
        limit: int | None = None,
    ) -> tuple[UsageRow, ...]:
        """Sums ordered by group; of so many groups only, the dearest first (of equals the first by group), where there is a
        `limit`: ask for it where a label may have thousands of values. Groups in which nothing counts, retries that never
        were sent, have no row."""
        ...

    def meters(self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()) -> tuple[MeterRow, ...]:
        """Sums by group, meter and price, in that order."""
        ...

    def runs(
        self,
        *,
        since_ms: int,
        until_ms: int,
        where: Labels = (),
        order: str = "last",
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[RunRow, ...]:
        """Runs that go on in that time (their first call before its end, their last one not before its beginning), whole;
        the newest first by their last call, or the dearest (`order="cost"`). `where` looks at a run as `outcomes` does."""
        ...

    def run(self, name: str) -> RunRow | None:
        """One run, whenever it was; None where no call ever named it."""
        ...

    def outcomes(
        self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()
    ) -> tuple[OutcomeRow, ...]:
        """Runs whose first call arrived in that time; a run counts once, in one group. Key and labels are those of its first
        call; `model`, `provider`, `tier`, `route` and `outcome` those of its first attempt. `by` may also name `prompt`,
        but neither `run` nor `step`; `where` may name `prompt` and `run`."""
        ...

    def other_costs(
        self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()
    ) -> tuple[OtherCostRow, ...]:
        """Sums by group and kind, in that order, of what was booked in that time; bookings of nothing are notes and count
        nowhere. `hour`, `day` and `month` are those of the booking. Key and labels are those of the run's first call, as it is known now, and "" where no call ever named
        the run; `run` is its name. Nothing else that calls have (`model`, `provider`, `tier`, `route`, `outcome`, `step`)
        is known of them: it is ""."""
        ...

    def sum_up(self) -> bool:
        """Sum up a bounded piece of what is over and not summed yet; False where nothing is left to do now. Nothing is
        before `price_with` was called."""
        ...

    def summing(self, *, since_ms: int = 0) -> Summing:
        """How far `sum_up` has come with what arrived since then."""
        ...

    def price_with(self, card_of: CardOf) -> None:
        """Explain costs by this book from now on."""
        ...

    def close(self) -> None: ...
