"""Calls and attempts as the file has them, and their sums by everything that a group may be asked for."""

from collections.abc import Iterable
from functools import lru_cache
from operator import add
from typing import Any, NamedTuple

import msgspec

from farthing.domain.ids import ATTEMPTS as MOST_ATTEMPTS
from farthing.domain.ids import call_of
from farthing.domain.price import Unpriced
from farthing.domain.record import AttemptOpening
from farthing.domain.usage import Usage
from farthing.ports.history import CardOf
from farthing.pricing.cost import reached
from farthing.pricing.naive import asked_card, explains, naive_nanos
from farthing.stores.sqlite.queries import USAGE
from farthing.stores.sqlite.writing.rows import SETTLED, UNKNOWN, VOID

Row = tuple[Any, ...]

COUNTED = ("calls", "refused", "attempts", "open", "unpriced")
SUMS = (*COUNTED, *USAGE, "cost_nanos", "remainder_picos", "estimated_nanos", "naive_nanos")
"""What is summed, in the order of the table's columns. The names are those of `UsageRow` and `Usage`."""
COST, NAIVE = SUMS.index("cost_nanos"), SUMS.index("naive_nanos")
ATTEMPTED, INPUT = SUMS.index("attempts"), SUMS.index("input_tokens")

_PRICED = ("provider", "model", "book", "opened_ms")
_COLUMNS = ("id", "state", *_PRICED, "source", "tier", "cost_nanos", "remainder_picos", *USAGE)
PAIRS = (
    "SELECT c.id, c.arrived_ms, c.key, c.labels, c.route, c.model, c.outcome, "  # noqa: S608 - names of ours
    f"{', '.join(f'a.{name}' for name in _COLUMNS)} "
    f"FROM call c LEFT JOIN attempt a ON a.id BETWEEN c.id + 1 AND c.id + {MOST_ATTEMPTS} "
    "WHERE c.id > ? AND c.id <= ? AND c.arrived_ms >= ? AND c.arrived_ms < ? ORDER BY c.id, a.id"
)
"""Each call with each of its attempts; one without any stands alone."""

NOTHING = (0,) * len(USAGE)


class What(NamedTuple):
    """What was called, how it ended, and at which rates."""

    provider: str
    model: str
    tier: str
    route: str
    outcome: str
    rates: str
    """JSON of `Rates`; "" where no price explains the cost."""


class Group(NamedTuple):
    """The finest group that sums are kept by."""

    start_ms: int
    """Of the span."""
    key: str
    labels: str
    """JSON, by name."""
    what: What


class Pair(NamedTuple):
    """One call with one of its attempts, priced and ready to be summed."""

    call: int
    arrived_ms: int
    key: str
    labels: str
    """JSON, as they were recorded."""
    attempt: int
    """0 where the call has none."""
    what: What
    sums: tuple[int, ...]


class Explainer:
    """Says of an attempt which rates give its cost, and what it would have cost as it was asked."""

    def __init__(self, card_of: CardOf) -> None:
        self._card_of = card_of
        self._rates = lru_cache(maxsize=1_000)(lambda rates: msgspec.json.encode(rates).decode())

    def pair(self, row: Row, *, first: bool) -> Pair:
        """A row of `PAIRS`. `first`: it stands for its call, where calls are counted."""
        call, arrived_ms, key, labels, route, asked, outcome, attempt, state, provider, model, *rest = row
        book, opened_ms, source, tier, cost, remainder, *counts = rest
        refused = first and outcome == "refused"
        if attempt is None:
            what = What("", asked, "", route, outcome or "", "")
            return Pair(
                call, arrived_ms, key, labels, 0, what, (int(first), int(refused), 0, 0, 0, *NOTHING, 0, 0, 0, 0)
            )
        rates, naive = "", 0
        settled = state == SETTLED
        if settled and cost is not None:
            opening = _opening(attempt, provider, model, book, opened_ms)
            rates, naive = self._explain(opening, asked, _usage(counts), tier or "", (cost, remainder or 0), source)
        what = What(provider, model, (tier or "standard") if settled else "", route, outcome or "", rates)
        told = map(int, (first, refused, state != VOID, state <= UNKNOWN, settled and cost is None))
        estimated = cost or 0 if source == "estimate" else 0
        used = [count or 0 for count in counts]
        sums = (*told, *used, cost or 0, remainder or 0, estimated, naive)
        return Pair(call, arrived_ms, key, labels, attempt, what, sums)

    def _explain(
        self, opening: AttemptOpening, asked: str, usage: Usage, tier: str, cost: tuple[int, int], source: str
    ) -> tuple[str, int]:
        card = self._card_of(opening)
        nanos, remainder = cost
        explained = explains(card, usage, tier, cost_nanos=nanos, remainder_picos=remainder, source=source)
        if not explained or isinstance(card, Unpriced):
            return "", nanos
        rates = reached(card.variants.get(tier) or card.variants[""], usage.input_tokens).rates
        naive = naive_nanos(asked_card(asked, opening, self._card_of), usage, nanos, explained=True)
        return self._rates(rates), naive


def pairs(rows: Iterable[Row], explainer: Explainer) -> list[Pair]:
    """Rows of `PAIRS`, whole calls in their order."""
    made, last = [], 0
    for row in rows:
        made.append(explainer.pair(row, first=row[0] != last))
        last = row[0]
    return made


class Tally:
    """Sums by `Group`, of spans of one length."""

    def __init__(self, length_ms: int) -> None:
        self._length_ms = length_ms
        self.groups: dict[Group, tuple[int, ...]] = {}

    def add(self, pair: Pair) -> None:
        """Under its labels without run and step."""
        self._add(pair, without_run(pair.labels)[0])

    def add_whole(self, pair: Pair) -> None:
        """Under all of its labels."""
        self._add(pair, pair.labels)

    def _add(self, pair: Pair, labels: str) -> None:
        group = Group(pair.arrived_ms // self._length_ms * self._length_ms, pair.key, labels, pair.what)
        self.groups[group] = added(self.groups.get(group), pair.sums)


def added(one: tuple[int, ...] | None, other: tuple[int, ...]) -> tuple[int, ...]:
    """Both together; None is nothing yet."""
    return other if one is None else tuple(map(add, one, other))


def usage_of(sums: tuple[int, ...]) -> Usage:
    return _usage(sums[len(COUNTED) : len(COUNTED) + len(USAGE)])


@lru_cache(maxsize=20_000)
def without_run(labels: str) -> tuple[str, str]:
    """The labels that sums are kept by, as JSON in the order of their names, and the run."""
    found = msgspec.json.decode(labels, type=dict[str, str])
    run = found.pop("run", "")
    found.pop("step", None)
    return msgspec.json.encode(dict(sorted(found.items()))).decode(), run


def _usage(counts: Iterable[int | None]) -> Usage:
    return Usage(**{name: count or 0 for name, count in zip(USAGE, counts, strict=True)})


def _opening(attempt: int, provider: str, model: str, book: str, opened_ms: int) -> AttemptOpening:
    """As much of it as prices depend on."""
    return AttemptOpening(
        id=attempt,
        call_id=call_of(attempt),
        ordinal=attempt - call_of(attempt),
        provider=provider,
        model=model,
        book=book,
        bound="",
        input_bound=0,
        opened_ms=opened_ms,
    )
