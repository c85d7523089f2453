"""Drivers of cost: what share of the spend was for what, every nano-dollar under exactly one driver.

`Drivers(references, siblings, card_of)` takes whole calls in the order of their arrival (`take(record)`) and tells at the end
what each driver came to (`rows()`), by any names of labels. `DRIVERS` are all of them, in their order.

How one attempt is divided:
1. What a cheaper model would have charged less for a simple step is `large_model` (`simple_steps.py`): at most.
2. The rest is divided as the lines of its bill: the prompt's tokens are spread over its pieces by bytes, and the prompt's
   bill over its tokens from the front, what was read from the cache first, then what was written to it, then the rest, as
   providers cache prefixes. So what is sent again costs here what it cost: a tenth, where it was read from a cache.
3. Output beyond twice the usual of its step is `verbose_output` (`verbosity.py`).
4. Whole nano-dollars by largest remainder: the parts sum to what the attempt cost, always.

What the book does not explain to the pico-dollar is divided by the book's proportions; what it does not know is `other`.
"""

from collections.abc import Callable, Iterable
from enum import Enum

import msgspec

from farthing.domain.price import Cost, PriceCard, Unpriced
from farthing.domain.record import AttemptOpening
from farthing.domain.usage import Usage
from farthing.ports.history import CardOf
from farthing.ports.records import AttemptRecord, CallRecord
from farthing.pricing.cost import Line, cost, lines
from farthing.reports.apportion import apportion
from farthing.reports.conversation import Conversation, Pieces, Sent
from farthing.reports.simple_steps import is_simple
from farthing.reports.verbosity import References

Siblings = Callable[[AttemptOpening], Iterable[PriceCard]]
"""The cards of models that could have taken this attempt instead."""

FORGET_AFTER_MS = 86_400_000
"""A run that was silent for a day begins anew here: its past need not be remembered for ever."""
_SWEEP_EVERY = 50_000


class Driver(Enum):
    """What money was spent for. Values are the names in reports."""

    SYSTEM_PROMPT = "system_prompt"
    """System prompt and tools, sent again in later calls of a run."""
    CONTEXT = "context"
    """Earlier messages of the run, sent again."""
    REFETCH = "refetch"
    """Results of tools that the run had fetched before."""
    LARGE_MODEL = "large_model"
    """What a large model cost more than a small one on simple steps: at most."""
    VERBOSE_OUTPUT = "verbose_output"
    """Output beyond twice the usual of its step."""
    NEW_INPUT = "new_input"
    """What was said for the first time."""
    OUTPUT = "output"
    """The other output."""
    OTHER = "other"
    """Searches, fees, sound, and what no price book explains."""


DRIVERS = tuple(Driver)
_WHY = {
    Sent.NEW: Driver.NEW_INPUT,
    Sent.PROMPT: Driver.SYSTEM_PROMPT,
    Sent.HISTORY: Driver.CONTEXT,
    Sent.REFETCH: Driver.REFETCH,
}
_PREFIX = ("cache_read", "cache_write_1h", "cache_write_5m", "input")
"""How a prompt is billed, from its front to its end."""


class DriverRow(msgspec.Struct, frozen=True):
    """What one group spent for one driver."""

    group: tuple[str, ...]
    driver: Driver
    nanos: int
    calls: int
    """In which it has a part."""


class Drivers:
    """The division of a stretch of time. Calls come in the order of their arrival."""

    def __init__(
        self, *, references: References, siblings: Siblings, card_of: CardOf, by: tuple[str, ...] = ()
    ) -> None:
        self._references = references
        self._siblings = siblings
        self._card_of = card_of
        self._by = by
        self._runs: dict[str, tuple[Conversation, int]] = {}
        self._sums: dict[tuple[tuple[str, ...], Driver], list[int]] = {}
        self._taken = 0

    def take(self, record: CallRecord) -> None:
        """Divide one more call."""
        self._taken += 1
        labels = dict(record.opening.labels)
        pieces = self._conversation(labels.get("run", ""), record.opening.arrived_ms).take(record.skeleton)
        parts: dict[Driver, int] = {}
        for attempt in record.attempts:
            for driver, nanos in self._divided(record, attempt, pieces).items():
                parts[driver] = parts.get(driver, 0) + nanos
        group = tuple(labels.get(name, "") for name in self._by)
        for driver, nanos in parts.items():
            sums = self._sums.setdefault((group, driver), [0, 0])
            sums[0] += nanos
            sums[1] += nanos > 0

    def rows(self) -> tuple[DriverRow, ...]:
        """By group, and within it in the order of `DRIVERS`; drivers that took nothing are left out."""
        order = {driver: place for place, driver in enumerate(DRIVERS)}
        found = [DriverRow(group, driver, *sums) for (group, driver), sums in self._sums.items() if sums[0]]
        return tuple(sorted(found, key=lambda row: (row.group, order[row.driver])))

    def _conversation(self, run: str, now_ms: int) -> Conversation:
        """The run's past; a call without a run has none."""
        if not run:
            return Conversation()
        if self._taken % _SWEEP_EVERY == 0:
            self._runs = {name: kept for name, kept in self._runs.items() if now_ms - kept[1] < FORGET_AFTER_MS}
        found, last_ms = self._runs.get(run, (None, 0))
        if found is None or now_ms - last_ms >= FORGET_AFTER_MS:
            found = Conversation()
        self._runs[run] = found, now_ms
        return found

    def _divided(self, record: CallRecord, attempt: AttemptRecord, pieces: Pieces) -> dict[Driver, int]:
        nanos = attempt.cost_nanos
        if not nanos:
            return {}
        card = self._card_of(attempt.opening)
        bill = (
            Unpriced("")
            if attempt.usage is None or isinstance(card, Unpriced)
            else lines(card, attempt.usage, attempt.tier)
        )
        if isinstance(bill, Unpriced) or attempt.usage is None:
            return {Driver.OTHER: nanos}
        extra = self._extra(record, attempt, attempt.usage)
        weights = weights_of(bill, pieces, usual_output=self._references.usual(record.opening))
        parts = apportion(nanos - extra, weights) if sum(weights.values()) else {Driver.OTHER: nanos - extra}
        return parts | {Driver.LARGE_MODEL: extra} if extra else parts

    def _extra(self, record: CallRecord, attempt: AttemptRecord, usage: Usage) -> int:
        """What the cheapest sibling would have charged less for a simple step, if that is half or more."""
        nanos = attempt.cost_nanos or 0
        if not is_simple(record, attempt, usage):
            return 0
        offers = (cost(card, usage) for card in self._siblings(attempt.opening))
        least = min((offer.nanos for offer in offers if isinstance(offer, Cost)), default=nanos)
        return nanos - least if 2 * least <= nanos else 0


def weights_of(bill: Iterable[Line], pieces: Pieces, *, usual_output: int | None) -> dict[Driver, int]:
    """How much of a bill was for what, in pico-dollars. `usual_output` is what its step says at most, usually."""
    billed = {line.kind: line for line in bill}
    weights: dict[Driver, int] = {}
    for driver, picos in _prompt([billed.pop(kind) for kind in _PREFIX if kind in billed], pieces):
        weights[driver] = weights.get(driver, 0) + picos
    if (output := billed.pop("output", None)) is not None:
        beyond = max(output.tokens - usual_output, 0) if usual_output is not None else 0
        weights[Driver.OUTPUT] = (output.tokens - beyond) * output.picos_each
        weights[Driver.VERBOSE_OUTPUT] = beyond * output.picos_each
    weights[Driver.OTHER] = sum(line.picos for kind, line in billed.items() if kind != "rounding")
    return {driver: picos for driver, picos in weights.items() if picos}


def _prompt(bill: list[Line], pieces: Pieces) -> Iterable[tuple[Driver, int]]:
    """The prompt's bill by piece: both lists are walked from the front."""
    tokens = sum(line.tokens for line in bill)
    whole = sum(size for _, size in pieces)
    if not whole:
        yield Driver.NEW_INPUT, sum(line.picos for line in bill)
        return
    before, upto_bytes, upto_tokens = 0, 0, 0
    for why, size in pieces:
        upto_bytes += size
        upto_tokens = tokens * upto_bytes // whole
        yield _WHY[why], _picos(bill, upto_tokens) - before
        before = _picos(bill, upto_tokens)


def _picos(bill: list[Line], tokens: int) -> int:
    """What the first so many tokens of the prompt cost."""
    picos = 0
    for line in bill:
        taken = min(tokens, line.tokens)
        picos += taken * line.picos_each
        tokens -= taken
    return picos
