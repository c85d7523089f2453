"""Receipts of runs: the receipts of all their calls, added up by step, agent and model, and turn by turn."""

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from farthing.accounts.receipt import AttemptReceipt, Receipt, added_savings
from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.usage import Usage
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.pricing.cost import Line
from farthing.pricing.naive import Saving

GROUPS = ("step", "agent", "model")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a run that one step, agent or model had."""

    name: str
    """"" for calls without that label."""
    attempts: int
    """Those that may have reached a provider."""
    input_tokens: int
    output_tokens: int
    nanos: int
    naive_nanos: int


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One call of the run."""

    call: int
    arrived_ms: int
    model: str
    """As the caller named it."""
    outcome: str
    input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    nanos: int


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
    naive_nanos: int = 0
    savings: tuple[Saving, ...] = ()
    """`naive_nanos - sum(saving.nanos) == nanos`, always."""
    parts: dict[str, tuple[Part, ...]] = {}
    """By each of `GROUPS`; the parts of one group sum to the whole."""
    turns: tuple[Turn, ...] = ()
    """Its calls in the order in which they arrived."""
    outcome: Outcome | None = None
    others: tuple[OtherCost, ...] = ()
    """What it cost beside models; in no total but `all_nanos`."""

    @property
    def other_nanos(self) -> int:
        return sum(other.nanos for other in self.others)

    @property
    def all_nanos(self) -> int:
        """Models and everything beside them."""
        return self.nanos + self.other_nanos

    @property
    def answered(self) -> tuple[Turn, ...]:
        """The turns that used tokens."""
        return tuple(turn for turn in self.turns if turn.input_tokens or turn.output_tokens)


def run_receipt(
    receipts: Iterable[Receipt], outcome: Outcome | None = None, others: tuple[OtherCost, ...] = ()
) -> RunReceipt:
    """The receipts of a run in one."""
    receipts = sorted(receipts, key=lambda each: (each.call.opening.arrived_ms, each.call.opening.id))
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
        naive_nanos=sum(each.naive_nanos for each in receipts),
        savings=added_savings(each.savings for each in receipts),
        parts={group: _parts(receipts, _KEYS[group]) for group in GROUPS},
        turns=tuple(map(_turn, receipts)),
        outcome=outcome,
        others=others,
    )


Key = Callable[[Receipt, AttemptReceipt], str]


def _label(name: str) -> Key:
    return lambda receipt, _: dict(receipt.call.opening.labels).get(name, "")


_KEYS: dict[str, Key] = {
    "step": _label("step"),
    "agent": _label("agent"),
    "model": lambda _, attempt: attempt.record.opening.model,
}


def _parts(receipts: Iterable[Receipt], key: Key) -> tuple[Part, ...]:
    """The dearest first."""
    members: dict[str, list[AttemptReceipt]] = {}
    for receipt in receipts:
        for attempt in receipt.attempts:
            members.setdefault(key(receipt, attempt), []).append(attempt)
    parts = (_part(name, attempts) for name, attempts in members.items())
    return tuple(sorted(parts, key=lambda part: (-part.nanos, part.name)))


def _part(name: str, attempts: list[AttemptReceipt]) -> Part:
    usage = _total(each.record.usage for each in attempts if each.record.usage is not None)
    return Part(
        name=name,
        attempts=sum(each.record.state != "void" for each in attempts),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        nanos=sum(each.record.cost_nanos or 0 for each in attempts),
        naive_nanos=sum(each.way.naive_nanos for each in attempts),
    )


def _turn(receipt: Receipt) -> Turn:
    opening, closing = receipt.call.opening, receipt.call.closing
    usage = _total(each.record.usage for each in receipt.attempts if each.record.usage is not None)
    return Turn(
        call=opening.id,
        arrived_ms=opening.arrived_ms,
        model=opening.model,
        outcome="" if closing is None else closing.outcome,
        input_tokens=usage.input_tokens,
        cache_read_input_tokens=usage.cache_read_input_tokens,
        output_tokens=usage.output_tokens,
        nanos=receipt.nanos,
    )


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
