"""Calls and attempts as the file has them, and their sums by everything that a group may be asked for."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import add
from typing import Any, NamedTuple

import msgspec

from farthing.domain.ids import ATTEMPTS as MOST_ATTEMPTS
from farthing.domain.price import Rates, Unpriced
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
_PAIRS = (
    "SELECT c.id, c.arrived_ms, c.key, c.labels, c.route, c.model, c.outcome, "  # noqa: S608 - names of ours
    f"{', '.join(f'a.{name}' for name in _COLUMNS)} "
    f"FROM call c LEFT JOIN attempt a ON a.id BETWEEN c.id + 1 AND c.id + {MOST_ATTEMPTS} "
    "WHERE c.id > ? AND c.id <= ? AND c.arrived_ms >= ? AND c.arrived_ms < ?"
)
PAIRS = f"{_PAIRS} ORDER BY c.id, a.id"
"""Each call with each of its attempts; one without any stands alone."""
PAIRS_WITH = f"{_PAIRS} AND instr(c.labels, ?) ORDER BY c.id, a.id"
"""The same of calls whose labels have this text somewhere."""

NOTHING = (0,) * len(USAGE)
MOST_RATES = 1_000
"""Kept as JSON at a time; a book has far fewer."""

_read_labels = msgspec.json.Decoder(dict[str, str]).decode


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
    """Says of an attempt which rates give its cost, and what it would have cost as it was asked. Any thread may ask."""

    def __init__(self, card_of: CardOf) -> None:
        self._card_of = card_of
        self._documents: dict[int, tuple[Rates, str]] = {}

    def pair(self, row: Row, *, first: bool) -> Pair:
        """A row of `PAIRS`. `first`: it stands for its call, where calls are counted."""
        call, arrived_ms, key, labels, route, asked, outcome, attempt, state, *rest = row
        refused = first and outcome == "refused"
        if attempt is None:
            what = What("", asked, "", route, outcome or "", "")
            sums = (int(first), int(refused), 0, 0, 0, *NOTHING, 0, 0, 0, 0)
            return Pair(call, arrived_ms, key, labels, 0, what, sums)
        provider, model, book, opened_ms, source, tier, cost, remainder, *counts = rest
        used = counts if None not in counts else [count or 0 for count in counts]
        settled = state == SETTLED
        rates, naive = "", 0
        if settled and cost is not None:
            opening = _opening(attempt, call, provider, model, book, opened_ms)
            rates, naive = self._explain(opening, asked, _usage(used), tier or "", (cost, remainder or 0), source)
        what = What(provider, model, (tier or "standard") if settled else "", route, outcome or "", rates)
        told = (int(first), int(refused), int(state != VOID), int(state <= UNKNOWN), int(settled and cost is None))
        estimated = cost or 0 if source == "estimate" else 0
        return Pair(
            call, arrived_ms, key, labels, attempt, what, (*told, *used, cost or 0, remainder or 0, estimated, naive)
        )

    def _explain(
        self, opening: AttemptOpening, asked: str, usage: Usage, tier: str, cost: tuple[int, int], source: str
    ) -> tuple[str, int]:
        card = self._card_of(opening)
        nanos, remainder = cost
        explained = explains(card, usage, tier, cost_nanos=nanos, remainder_picos=remainder, source=source)
        if not explained or isinstance(card, Unpriced):
            return "", nanos
        rates = self._document(reached(card.variants.get(tier) or card.variants[""], usage.input_tokens).rates)
        as_asked = asked == opening.model
        if as_asked and not tier and not (usage.cache_read_input_tokens or usage.cache_write_input_tokens):
            return rates, nanos  # nothing was done to it: naive is what was just found to be its cost
        asked_for = card if as_asked else asked_card(asked, opening, self._card_of)
        return rates, naive_nanos(asked_for, usage, nanos, explained=True)

    def _document(self, rates: Rates) -> str:
        """JSON of these rates. A price book gives the same object again and again; it is kept here, and so is its id."""
        known = self._documents.get(id(rates))
        if known is None:
            if len(self._documents) >= MOST_RATES:
                self._documents.clear()
            known = self._documents[id(rates)] = rates, msgspec.json.encode(rates).decode()
        return known[1]


def pairs(rows: Iterable[Row], explainer: Explainer) -> Iterator[Pair]:
    """Rows of `PAIRS`, whole calls in their order."""
    last = 0
    for row in rows:
        yield explainer.pair(row, first=row[0] != last)
        last = row[0]


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


def without_run(labels: str) -> tuple[str, str]:
    """The labels that sums are kept by, as JSON in the order of their names, and the run."""
    found = _read_labels(labels)
    run = found.pop("run", "")
    found.pop("step", None)
    return _ordered(tuple(found.items())), run


@lru_cache(maxsize=20_000)
def _ordered(labels: tuple[tuple[str, str], ...]) -> str:
    return msgspec.json.encode(dict(sorted(labels))).decode()


def _usage(counts: Sequence[int]) -> Usage:
    """Of counts in the order of `USAGE`: spelled out, because this is done for every attempt of the past."""
    total_in, total_out, read, written, written_1h, reasoned, heard, heard_before, spoken, searches = counts
    return Usage(
        input_tokens=total_in,
        output_tokens=total_out,
        cache_read_input_tokens=read,
        cache_write_input_tokens=written,
        cache_write_1h_input_tokens=written_1h,
        reasoning_output_tokens=reasoned,
        audio_input_tokens=heard,
        cached_audio_input_tokens=heard_before,
        audio_output_tokens=spoken,
        web_search_requests=searches,
    )


def _opening(attempt: int, call: int, provider: str, model: str, book: str, opened_ms: int) -> AttemptOpening:
    """As much of it as prices depend on."""
    return AttemptOpening(
        id=attempt,
        call_id=call,
        ordinal=attempt - call,
        provider=provider,
        model=model,
        book=book,
        bound="",
        input_bound=0,
        opened_ms=opened_ms,
    )
