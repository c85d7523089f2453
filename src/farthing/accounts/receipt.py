"""Receipts: one call, or a whole run, accounted for to the nano-dollar from its records and the price book.

What is recorded is the truth; the price book only explains it. Where the explanation does not give exactly the recorded
cost (another edition of the book, a policy's estimate), the receipt says so instead of showing lines that do not add up.
"""

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from farthing.domain.money import PICOS_PER_NANO, nanos_from_picos
from farthing.domain.price import Cost, PriceCard, Unpriced
from farthing.domain.record import AttemptOpening, Skeleton
from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord, CallRecord
from farthing.pricing.cost import Line, cost, lines
from farthing.pricing.worst import Bound, worst

CardOf = Callable[[AttemptOpening], PriceCard | Unpriced]
"""What the book says of the model of an attempt, at the moment it was opened."""


class AttemptReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one provider: what it did and what it cost."""

    record: AttemptRecord
    lines: tuple[Line, ...]
    """Tokens by kind and price each. They sum to the cost exactly, or there are none."""
    unexplained: str
    """Why there are no lines, in words; "" where there are, or where nothing was billed."""
    worst_nanos: int | None
    """The most that its answers within its bound and cap can cost at these prices; None where nobody knows."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One call."""

    call: CallRecord
    attempts: tuple[AttemptReceipt, ...]

    @property
    def nanos(self) -> int:
        """What is settled and priced, in nano-dollars."""
        return sum(attempt.record.cost_nanos or 0 for attempt in self.attempts)

    @property
    def complete(self) -> bool:
        """Nothing is open any more and everything settled has a price."""
        ended = all(attempt.record.state in ("settled", "void") for attempt in self.attempts)
        return ended and all(a.record.cost_nanos is not None for a in self.attempts if a.record.state == "settled")

    @property
    def explained(self) -> bool:
        """Every nano-dollar stands in a line."""
        return sum(line.picos for attempt in self.attempts for line in attempt.lines) == self.nanos * PICOS_PER_NANO


class RunReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """All calls of one run, added up."""

    calls: int
    refused: int
    attempts: int
    """Those that may have reached a provider."""
    open: int
    """Attempts whose cost is not known yet."""
    unpriced: int
    usage: Usage
    nanos: int
    lines: tuple[Line, ...]
    """By kind and price, over all attempts that are explained."""
    unexplained_nanos: int
    """The part of `nanos` that stands in no line."""


def receipt(call: CallRecord, card_of: CardOf) -> Receipt:
    """The receipt of a call. Never guesses: lines are shown only where they give the recorded cost to the nano-dollar."""
    return Receipt(call=call, attempts=tuple(_attempt(attempt, call.skeleton, card_of) for attempt in call.attempts))


def run_receipt(receipts: Iterable[Receipt]) -> RunReceipt:
    """The receipts of a run in one."""
    receipts = tuple(receipts)
    attempts = [attempt for each in receipts for attempt in each.attempts]
    sent = [attempt.record for attempt in attempts if attempt.record.state != "void"]
    settled = [record for record in sent if record.state == "settled"]
    nanos = sum(each.nanos for each in receipts)
    added = _added(line for attempt in attempts for line in attempt.lines)
    return RunReceipt(
        calls=len(receipts),
        refused=sum(each.call.closing is not None and each.call.closing.outcome == "refused" for each in receipts),
        attempts=len(sent),
        open=len(sent) - len(settled),
        unpriced=sum(record.cost_nanos is None for record in settled),
        usage=_total(record.usage for record in settled if record.usage is not None),
        nanos=nanos,
        lines=added,
        unexplained_nanos=nanos - sum(line.picos for line in added) // PICOS_PER_NANO,
    )


def _attempt(record: AttemptRecord, skeleton: Skeleton, card_of: CardOf) -> AttemptReceipt:
    card = card_of(record.opening)
    found, unexplained = _explained(record, card)
    return AttemptReceipt(
        record=record,
        lines=found,
        unexplained=unexplained,
        worst_nanos=None if isinstance(card, Unpriced) else _worst(card, record, skeleton),
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
    picos = record.cost_nanos * PICOS_PER_NANO - record.remainder_picos
    if cost(card, record.usage, record.tier) == Cost(record.cost_nanos, picos):
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


def _added(every: Iterable[Line]) -> tuple[Line, ...]:
    tokens: Counter[tuple[str, int]] = Counter()
    for line in every:
        kind = (line.kind, 1) if line.kind == "rounding" else (line.kind, line.picos_each)
        tokens[kind] += line.picos if line.kind == "rounding" else line.tokens
    return tuple(Line(kind, count, each, count * each) for (kind, each), count in tokens.items())


def _total(usages: Iterable[Usage]) -> Usage:
    sums: Counter[str] = Counter()
    for usage in usages:
        sums.update(msgspec.structs.asdict(usage))
    return Usage(**sums)
