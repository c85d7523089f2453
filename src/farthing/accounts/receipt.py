"""Receipts of calls: one call accounted for to the nano-dollar, from its record and the price book.

What is recorded is the truth; the price book only explains it. Where the explanation does not give exactly the recorded
cost (another edition of the book, a policy's estimate), the receipt says so instead of showing lines that do not add up.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from farthing.accounts.entries import Entry, entries
from farthing.domain.money import PICOS_PER_NANO, nanos_from_picos
from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.record import Skeleton, Step
from farthing.ports.history import CardOf
from farthing.ports.records import AttemptRecord, CallRecord
from farthing.pricing.cost import Line, lines
from farthing.pricing.naive import CAUSES, Saving, Way, asked_card, explains, way
from farthing.pricing.worst import Bound, worst

NOTHING = Way(0, (), 0)


class AttemptReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one provider: what it did and what it cost."""

    record: AttemptRecord
    lines: tuple[Line, ...]
    """Tokens by kind and price each. They sum to the cost exactly, or there are none."""
    unexplained: str
    """Why there are no lines, in words; "" where there are, or where nothing was billed."""
    worst_nanos: int | None
    """The most that its answers within its bound and cap can cost at these prices; None where nobody knows."""
    way: Way = NOTHING
    """From what it would have cost as it was asked to what it cost; nothing while it is open, void or unpriced."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What stages did to it, in their order."""
        return self.record.opening.steps


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One call."""

    call: CallRecord
    attempts: tuple[AttemptReceipt, ...]

    @property
    def nanos(self) -> int:
        """What is settled and priced, in nano-dollars."""
        return sum(attempt.record.cost_nanos or 0 for attempt in self.attempts)

    @property
    def naive_nanos(self) -> int:
        """What the same would have cost as it was asked: as `farthing.ports.records.UsageRow.naive_nanos`."""
        return sum(attempt.way.naive_nanos for attempt in self.attempts)

    @property
    def savings(self) -> tuple[Saving, ...]:
        """What lies between the two, by cause: `naive_nanos - sum(saving.nanos) == nanos`, always."""
        return added_savings(attempt.way.savings for attempt in self.attempts)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What moved on which account, and when."""
        return entries(self.call)

    @property
    def complete(self) -> bool:
        """Nothing is open any more and everything settled has a price."""
        ended = all(attempt.record.state in ("settled", "void") for attempt in self.attempts)
        return ended and all(a.record.cost_nanos is not None for a in self.attempts if a.record.state == "settled")

    @property
    def explained(self) -> bool:
        """Every nano-dollar stands in a line."""
        return sum(line.picos for attempt in self.attempts for line in attempt.lines) == self.nanos * PICOS_PER_NANO


def receipt(call: CallRecord, card_of: CardOf) -> Receipt:
    """The receipt of a call. Never guesses: lines are shown only where they give the recorded cost to the nano-dollar."""
    return Receipt(call=call, attempts=tuple(_attempt(attempt, call, card_of) for attempt in call.attempts))


def added_savings(every: Iterable[Iterable[Saving]]) -> tuple[Saving, ...]:
    """Savings of many, by cause, in the order of causes."""
    sums: Counter[str] = Counter()
    for savings in every:
        for cause, nanos in savings:
            sums[cause] += nanos
    return tuple(Saving(cause, sums[cause]) for cause in CAUSES if sums[cause])


def _attempt(record: AttemptRecord, call: CallRecord, card_of: CardOf) -> AttemptReceipt:
    card = card_of(record.opening)
    found, unexplained = _explained(record, card)
    return AttemptReceipt(
        record=record,
        lines=found,
        unexplained=unexplained,
        worst_nanos=None if isinstance(card, Unpriced) else _worst(card, record, call.skeleton),
        way=_way(record, card, call.opening.model, card_of),
    )


def _way(record: AttemptRecord, card: PriceCard | Unpriced, asked: str, card_of: CardOf) -> Way:
    usage, cost_nanos = record.usage, record.cost_nanos
    if record.state != "settled" or usage is None or cost_nanos is None:
        return NOTHING
    known = _is_explained(record, card)
    card_asked = asked_card(asked, record.opening, card_of) if known else card
    return way(card_asked, card, usage, record.tier, cost_nanos, explained=known)


def _is_explained(record: AttemptRecord, card: PriceCard | Unpriced) -> bool:
    assert record.usage is not None
    assert record.cost_nanos is not None
    return explains(
        card,
        record.usage,
        record.tier,
        cost_nanos=record.cost_nanos,
        remainder_picos=record.remainder_picos,
        source=record.source,
    )


def _explained(record: AttemptRecord, card: PriceCard | Unpriced) -> tuple[tuple[Line, ...], str]:
    """The lines of a settled attempt at the prices of the service tier it was billed at, and why there are none."""
    if record.state != "settled" or record.usage is None or record.cost_nanos == 0:
        return (), ""
    if record.source == "estimate":
        return (), "a policy charged it: the provider never said what it used"
    if record.cost_nanos is None:
        return (), card.reason if isinstance(card, Unpriced) else "it had no price when it was settled"
    if isinstance(card, Unpriced):
        return (), f"it was priced then, and is not now: {card.reason}"
    if _is_explained(record, card):
        found = lines(card, record.usage, record.tier)
        assert not isinstance(found, Unpriced)
        return found, ""
    if card.book != record.opening.book:
        return (), f"priced by the book {record.opening.book}, and this is the book {card.book}"
    return (), "an operator set this amount" if record.source == "operator" else "the book does not give this amount"


def _worst(card: PriceCard, record: AttemptRecord, skeleton: Skeleton) -> int | None:
    """The worst case: the input bound at its dearest rate, and the whole cap for each answer asked for."""
    asked_for = {message.breakpoint for message in skeleton.messages}
    ttl = next((ttl for ttl in ("1h", "5m") if ttl in asked_for), "")
    opening = record.opening
    most = worst(card, input_tokens=opening.input_bound, cache_ttl=ttl, choices=opening.choices)
    return nanos_from_picos(most.at(record.cap)) if isinstance(most, Bound) else None
