"""History over the records in memory, summed anew each time: slow, simple, and what other stores are held to."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from farthing.domain.money import NANOS_PER_USD, PICOS_PER_NANO
from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.record import AttemptOpening, Labels
from farthing.ports.history import CardOf, MeterRow, OtherCostRow, OutcomeRow, RunRow, Summing
from farthing.ports.outcomes import OtherCost
from farthing.ports.records import AttemptRecord, CallRecord, UsageRow
from farthing.pricing.cost import lines
from farthing.pricing.naive import asked_card, explains, naive_nanos
from farthing.stores.dearest import dearest_rows
from farthing.stores.memory.outcomes import MemoryOutcomes
from farthing.stores.memory.records import Records
from farthing.stores.memory.sums import TIMES, counts, row_of, value_of
from farthing.stores.other_costs import other_cost_rows, value_beside

Pair = tuple[CallRecord, AttemptRecord | None]
"""A call with one of its attempts; a call without any stands alone."""


def no_card(_: AttemptOpening) -> PriceCard | Unpriced:
    """What is known of prices before anybody says."""
    return Unpriced("no price book was given")


class MemoryHistory:
    """`farthing.ports.history.History` in memory. Any thread may call."""

    def __init__(self, records: Records, outcomes: MemoryOutcomes) -> None:
        self._records = records
        self._outcomes = outcomes
        self._card_of: CardOf = no_card

    def usage(
        self,
        *,
        by: tuple[str, ...],
        since_ms: int,
        until_ms: int,
        where: Labels = (),
        limit: int | None = None,
    ) -> tuple[UsageRow, ...]:
        rows = tuple(
            msgspec.structs.replace(
                row_of(group, members), naive_nanos=sum(self._naive(record, attempt) for record, attempt in members)
            )
            for group, members in self._groups(by, since_ms, until_ms, where)
            if any(counts(record, attempt) for record, attempt in members)
        )
        return rows if limit is None else dearest_rows(rows, limit)

    def meters(self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()) -> tuple[MeterRow, ...]:
        return tuple(
            MeterRow(group=group, meter=meter, quantity=quantity, picos_each=each, picos=picos)
            for group, members in self._groups(by, since_ms, until_ms, where)
            for (meter, each), (quantity, picos) in sorted(self._meters_of(members).items())
        )

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
        found = [
            self._run(name, pairs)
            for name, pairs in self._runs().items()
            if all(_value_of_run(pairs, label) == value for label, value in where)
        ]
        shown = [row for row in found if row.first_ms < until_ms and row.last_ms >= since_ms]
        rank = (lambda row: (-row.cost_nanos, row.run)) if order == "cost" else (lambda row: (-row.last_ms, row.run))
        return tuple(sorted(shown, key=rank)[offset : offset + limit])

    def run(self, name: str) -> RunRow | None:
        pairs = self._runs().get(name)
        return self._run(name, pairs) if pairs else None

    def outcomes(
        self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()
    ) -> tuple[OutcomeRow, ...]:
        groups: dict[tuple[str, ...], list[RunRow]] = {}
        for name, pairs in self._runs().items():
            row = self._run(name, pairs)
            if since_ms <= row.first_ms < until_ms and all(_value_of_run(pairs, n) == v for n, v in where):
                groups.setdefault(tuple(_value_of_run(pairs, name) for name in by), []).append(row)
        return tuple(_outcome_row(group, rows) for group, rows in sorted(groups.items()))

    def other_costs(
        self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()
    ) -> tuple[OtherCostRow, ...]:
        runs = self._runs()
        booked = [(cost, runs.get(cost.run, [])) for cost in self._outcomes.booked(since_ms, until_ms)]
        return other_cost_rows(
            (tuple(_value_of_cost(cost, pairs, name) for name in by), cost.kind, 1, cost.nanos)
            for cost, pairs in booked
            if all(_value_of_cost(cost, pairs, name) == value for name, value in where)
        )

    def sum_up(self) -> bool:
        """Nothing is summed beforehand."""
        return False

    def summing(self, *, since_ms: int = 0) -> Summing:
        """Nothing has to be."""
        return Summing(hours=0, summed_hours=0, days=0, summed_days=0, since_ms=since_ms)

    def price_with(self, card_of: CardOf) -> None:
        self._card_of = card_of

    def close(self) -> None:
        """Nothing is open."""

    def _groups(
        self, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels
    ) -> list[tuple[tuple[str, ...], list[Pair]]]:
        groups: dict[tuple[str, ...], list[Pair]] = {}
        for record, attempt in self._pairs():
            wanted = since_ms <= record.opening.arrived_ms < until_ms
            if wanted and all(value_of(record, attempt, name) == value for name, value in where):
                groups.setdefault(tuple(value_of(record, attempt, n) for n in by), []).append((record, attempt))
        return sorted(groups.items())

    def _pairs(self) -> Iterator[Pair]:
        for record in self._records.oldest_first():
            for attempt in record.attempts or (None,):
                yield record, attempt

    def _runs(self) -> dict[str, list[Pair]]:
        runs: dict[str, list[Pair]] = {}
        for record, attempt in self._pairs():
            run = dict(record.opening.labels).get("run", "")
            if run:
                runs.setdefault(run, []).append((record, attempt))
        return runs

    def _run(self, name: str, pairs: list[Pair]) -> RunRow:
        calls = list({record.opening.id: record for record, _ in pairs}.values())
        sums = row_of((), pairs)
        outcome, costs = self._outcomes.of(name)
        sent = [attempt for _, attempt in pairs if attempt is not None and attempt.state != "void"]
        return RunRow(
            run=name,
            labels=tuple(pair for pair in calls[0].opening.labels if pair[0] not in {"run", "step"}),
            prompt=next((call.skeleton.prompt_digest for call in calls if call.skeleton.prompt_digest), ""),
            models=tuple(sorted({attempt.opening.model for attempt in sent})),
            first_ms=min(call.opening.arrived_ms for call in calls),
            last_ms=max(call.opening.arrived_ms for call in calls),
            calls=sums.calls,
            refused=sums.refused,
            attempts=sums.attempts,
            open=sums.open,
            unpriced=sums.unpriced,
            usage=sums.usage,
            largest_input_tokens=max((one.usage.input_tokens for one in sent if one.usage), default=0),
            cost_nanos=sums.cost_nanos,
            naive_nanos=sum(self._naive(record, attempt) for record, attempt in pairs),
            other_nanos=sum(cost.nanos for cost in costs),
            outcome=outcome,
        )

    def _explained(self, attempt: AttemptRecord) -> PriceCard | None:
        """The card that gives the recorded cost; None where there is none in the book."""
        card = self._card_of(attempt.opening)
        if attempt.usage is None or attempt.cost_nanos is None or isinstance(card, Unpriced):
            return None
        cost = {"cost_nanos": attempt.cost_nanos, "remainder_picos": attempt.remainder_picos}
        return card if explains(card, attempt.usage, attempt.tier, source=attempt.source, **cost) else None

    def _naive(self, record: CallRecord, attempt: AttemptRecord | None) -> int:
        if attempt is None or attempt.usage is None or attempt.cost_nanos is None:
            return 0
        asked = asked_card(record.opening.model, attempt.opening, self._card_of)
        explained = self._explained(attempt) is not None
        return naive_nanos(asked, attempt.usage, attempt.cost_nanos, explained=explained)

    def _meters_of(self, members: list[Pair]) -> dict[tuple[str, int], tuple[int, int]]:
        sums: dict[tuple[str, int], Counter[str]] = {}
        for _, attempt in members:
            for meter, quantity, each, picos in self._lines(attempt) if attempt else ():
                sums.setdefault((meter, each), Counter()).update(quantity=quantity, picos=picos)
        return {meter: (found["quantity"], found["picos"]) for meter, found in sums.items()}

    def _lines(self, attempt: AttemptRecord) -> Iterator[tuple[str, int, int, int]]:
        """(meter, quantity, pico-dollars each, pico-dollars) of one attempt; they sum to its cost."""
        if attempt.usage is None or attempt.cost_nanos is None:
            return
        card = self._explained(attempt)
        if card is not None:
            billed = lines(card, attempt.usage, attempt.tier)
            assert not isinstance(billed, Unpriced)
            yield from (line for line in billed if line.kind != "rounding")
        elif picos := attempt.cost_nanos * PICOS_PER_NANO - attempt.remainder_picos:
            yield "unexplained", 0, 0, picos
        if attempt.remainder_picos:
            yield "rounding", 0, 0, attempt.remainder_picos


def _value_of_run(pairs: list[Pair], name: str) -> str:
    """Of a run: labels and key of its first call, the names of its first attempt. `prompt` is the version of its prompt."""
    if name == "prompt":
        return next((call.skeleton.prompt_digest for call, _ in pairs if call.skeleton.prompt_digest), "")
    if name in {"model", "provider", "tier", "route", "outcome"}:
        return value_of(*next((pair for pair in pairs if pair[1] is not None), pairs[0]), name)
    if name in TIMES:
        return value_of(*min(pairs, key=lambda pair: pair[0].opening.arrived_ms), name)
    return value_of(*pairs[0], name)


def _value_of_cost(cost: OtherCost, pairs: list[Pair], name: str) -> str:
    """Of a cost beside models: the time of its booking, and what its run's first call has."""

    def of_first_call(name: str) -> str:
        if name in TIMES:
            return datetime.fromtimestamp(cost.at_ms // 1_000, UTC).strftime(TIMES[name])
        return value_of(*pairs[0], name) if pairs else ""

    return value_beside(name, cost.run, of_first_call)


def _outcome_row(group: tuple[str, ...], rows: list[RunRow]) -> OutcomeRow:
    costs = [row.cost_nanos + row.other_nanos for row in rows]
    judged = [(row.outcome, cost) for row, cost in zip(rows, costs, strict=True) if row.outcome is not None]
    succeeded = [cost for outcome, cost in judged if outcome.success]
    scores = [outcome.score for outcome, _ in judged if outcome.score is not None]
    return OutcomeRow(
        group=group,
        runs=len(rows),
        judged=len(judged),
        succeeded=len(succeeded),
        cost_nanos=sum(costs),
        judged_nanos=sum(cost for _, cost in judged),
        succeeded_nanos=sum(succeeded),
        judged_square_usd=float(sum(cost * cost for _, cost in judged) / NANOS_PER_USD**2),
        scored=len(scores),
        score_sum=sum(scores),
    )
