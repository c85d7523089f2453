"""The tally: what all recorded calls come to, summed as they end; exact, only ever rising, and kept across restarts.

An attempt counts as it was first settled. What an operator corrected later stands beside it in a sum of its own, which
may fall: both together are what the ledger says.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

import msgspec

from farthing.domain.budget import OTHERS
from farthing.domain.record import CallOpening
from farthing.domain.usage import Usage
from farthing.ports.records import Adjustment, AttemptRecord, CallRecord
from farthing.ports.trail import Trail
from farthing.telemetry.follow import Follower, Found, Progress
from farthing.telemetry.names import operation_of, provider_of

NaiveOf = Callable[[CallOpening, AttemptRecord], int]
"""What a settled attempt would have cost as it was asked, in nano-dollars (`farthing.pricing.naive`)."""

SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Bounds of durations, as OpenTelemetry gives them for GenAI."""
FIRST_SECONDS = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
TOKENS = (1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864)
MOST_SERIES = 2_000
"""Beyond so many combinations of labels everything new is one."""


class Spread(msgspec.Struct):
    """A histogram: how many values fell up to each bound, one more for the rest; and their sum, in thousandths."""

    counts: list[int]
    thousandths: int = 0

    def add(self, bounds: Sequence[float], thousandths: int) -> None:
        self.counts[bisect_left(bounds, thousandths / 1_000)] += 1
        self.thousandths += thousandths

    @property
    def count(self) -> int:
        return sum(self.counts)


def _spread(bounds: Sequence[float]) -> Callable[[], Spread]:
    return lambda: Spread([0] * (len(bounds) + 1))


class Spent(msgspec.Struct, kw_only=True):
    """What the attempts of one series came to."""

    attempts: int = 0
    """Those that may have reached a provider."""
    unpriced: int = 0
    overruns: int = 0
    cost_nanos: int = 0
    estimated_nanos: int = 0
    naive_nanos: int = 0
    tokens: list[int] = msgspec.field(default_factory=lambda: [0] * len(Usage.__struct_fields__))
    """By kind, in the order of `Usage`."""


class Spreads(msgspec.Struct, kw_only=True):
    """How long calls took and how large they were: by model and error, whoever made them."""

    seconds: Spread = msgspec.field(default_factory=_spread(SECONDS))
    first_seconds: Spread = msgspec.field(default_factory=_spread(FIRST_SECONDS))
    input_tokens: Spread = msgspec.field(default_factory=_spread(TOKENS))
    output_tokens: Spread = msgspec.field(default_factory=_spread(TOKENS))


Series = tuple[str, ...]
"""Operation, provider, model, and one value for each configured label; "" where there is none."""
Ending = tuple[Series, str, str]
"""A series, and how its calls ended: outcome and code."""
Kind = tuple[str, str, str, str]
"""Operation, provider, model and error; "" for none."""


class Kept(msgspec.Struct, kw_only=True):
    """The whole tally as it is kept, with how far it has come."""

    labels: tuple[str, ...]
    most_values: int
    progress: Progress = msgspec.field(default_factory=Progress)
    corrections_read: int = 0
    corrected_nanos: int = 0
    spent: list[tuple[Series, Spent]] = []
    ended: list[tuple[Ending, int]] = []
    spreads: list[tuple[Kind, Spreads]] = []


class Tally:
    """Sums over the trail. Not safe for several threads at once."""

    def __init__(self, trail: Trail, *, labels: tuple[str, ...], most_values: int, naive_of: NaiveOf) -> None:
        self.labels = labels
        self.naive_of = naive_of
        self.spent: dict[Series, Spent] = {}
        self.ended: dict[Ending, int] = {}
        """How many calls."""
        self.spreads: dict[Kind, Spreads] = {}
        self.corrected_nanos = 0
        self._most_values = most_values
        self._trail = trail
        self._corrections_read = 0
        self._known: list[set[str]] = [set() for _ in range(3 + len(labels))]
        self._series_known: set[Series] = set()
        self._follower = Follower(trail, Progress())

    @property
    def caught_up(self) -> bool:
        """Whether it had come to the newest call when it was last brought on."""
        return self._follower.caught_up

    def bring_on(self, now_ms: int, late_ms: int, most: int) -> int:
        """Take in what is new, at most `most` calls never seen. Returns what was found. Raises LedgerUnavailable."""
        number = 0
        for number, found in enumerate(self._follower.news(now_ms, late_ms, most), start=1):  # noqa: B007 - counted
            self._take(found)
        for correction in self._trail.corrections(self._corrections_read):
            self._corrections_read = correction.number
            self.corrected_nanos += corrected(correction.made)
        return number

    def keep(self) -> bytes:
        """All of it, to go on from after a restart."""
        kept = Kept(
            labels=self.labels,
            most_values=self._most_values,
            progress=self._follower.progress,
            corrections_read=self._corrections_read,
            corrected_nanos=self.corrected_nanos,
            spent=list(self.spent.items()),
            ended=list(self.ended.items()),
            spreads=list(self.spreads.items()),
        )
        return msgspec.json.encode(kept)

    def go_on(self, document: bytes) -> bool:
        """Take up what `keep` gave. False, and nothing taken up, where it was summed by other labels: sum anew."""
        try:
            kept = msgspec.json.decode(document, type=Kept)
        except msgspec.DecodeError:
            return False
        if (kept.labels, kept.most_values) != (self.labels, self._most_values):
            return False
        self._corrections_read, self.corrected_nanos = kept.corrections_read, kept.corrected_nanos
        self.spent, self.ended, self.spreads = dict(kept.spent), dict(kept.ended), dict(kept.spreads)
        self._series_known = {*self.spent, *(series for series, _, _ in self.ended)}
        for series in self._series_known:
            for known, value in zip(self._known, series, strict=True):
                known.add(value)
        self._follower = Follower(self._trail, kept.progress)
        return True

    def rename(self, label: str, value: str, fresh: str) -> None:
        """From now on what was summed under this value of a label stands under `fresh`, which nothing was summed under."""
        for place, _ in (each for each in enumerate(self.labels, start=3) if each[1] == label):

            def renamed(series: Series, place: int = place) -> Series:
                return (*series[:place], fresh, *series[place + 1 :]) if series[place] == value else series

            self.spent = {renamed(series): spent for series, spent in self.spent.items()}
            self.ended = {(renamed(series), how, code): count for (series, how, code), count in self.ended.items()}
            self._series_known = {renamed(series) for series in self._series_known}
            self._known[place] = {fresh if each == value else each for each in self._known[place]}

    def _take(self, found: Found) -> None:
        opening = found.call.opening
        for attempt in found.ended:
            self._spend(found.call, attempt)
        if found.over:
            last = found.call.attempts[-1].opening if found.call.attempts else None
            series = self._series(opening, last.provider if last else "", last.model if last else opening.model)
            self._end(series, found.call)

    def _spend(self, call: CallRecord, attempt: AttemptRecord) -> None:
        first = first_settled(call, attempt)
        if first is None:
            return
        series = self._series(call.opening, attempt.opening.provider, attempt.opening.model)
        spent = self.spent.setdefault(series, Spent())
        spent.attempts += 1
        spent.overruns += any(flag.startswith("overran_") for flag in attempt.flags)
        usage = first.usage or Usage()
        for place, field in enumerate(Usage.__struct_fields__):
            count = getattr(usage, field)
            if count:
                spent.tokens[place] += count
        if first.cost_nanos is None:
            spent.unpriced += 1
            return
        spent.cost_nanos += first.cost_nanos
        spent.naive_nanos += self.naive_of(call.opening, first)
        if first.source == "estimate":
            spent.estimated_nanos += first.cost_nanos

    def _end(self, series: Series, call: CallRecord) -> None:
        closing = call.closing
        outcome, code = (closing.outcome, closing.code) if closing else ("lost", "")
        ending = (series, outcome, code)
        self.ended[ending] = self.ended.get(ending, 0) + 1
        operation, provider, model, *_ = series
        kind = (operation, provider_of(provider), model, error_of(outcome, code))
        spreads = self.spreads.setdefault(kind, Spreads())
        if closing is not None:
            spreads.seconds.add(SECONDS, max(closing.finished_ms - call.opening.arrived_ms, 0))
            if closing.first_byte_ms is not None and call.opening.streamed:
                spreads.first_seconds.add(FIRST_SECONDS, max(closing.first_byte_ms, 0))
        used = [attempt.usage for attempt in call.attempts if attempt.usage is not None]
        spreads.input_tokens.add(TOKENS, 1_000 * sum(usage.input_tokens for usage in used))
        spreads.output_tokens.add(TOKENS, 1_000 * sum(usage.output_tokens for usage in used))

    def _series(self, opening: CallOpening, provider: str, model: str) -> Series:
        has = dict(opening.labels) if self.labels else {}
        wanted = (operation_of(opening), provider, model, *(has.get(label, "") for label in self.labels))
        series = tuple(self._bounded(known, value) for known, value in zip(self._known, wanted, strict=True))
        if series not in self._series_known and len(self._series_known) >= MOST_SERIES:
            return (wanted[0], *(OTHERS for _ in series[1:]))
        self._series_known.add(series)
        return series

    def _bounded(self, known: set[str], value: str) -> str:
        """The value itself, or that of all the rest where there are too many already."""
        if value in known or not value:
            return value
        if len(known) >= self._most_values:
            return OTHERS
        known.add(value)
        return value


def error_of(outcome: str, code: str) -> str:
    """`error.type` of a call that ended so; "" where all went well."""
    return "" if outcome == "paid" else code or outcome


class _Before(msgspec.Struct):
    """What a correction says stood there."""

    state: str | int = ""
    """By its name, or by its number in the ledger's file."""
    source: str = ""
    cost_nanos: int | None = None


_VOID = ("void", 3)
_ENDED = ("settled", 2, *_VOID)


def first_settled(call: CallRecord, attempt: AttemptRecord) -> AttemptRecord | None:
    """An attempt with the cost that was first known of it, whatever was corrected later; None where it was void."""
    for before in _ends_before(call.adjustments, attempt.opening.id):
        if before.state in _VOID:
            return None
        return msgspec.structs.replace(attempt, cost_nanos=before.cost_nanos, source=before.source)
    return attempt if attempt.state == "settled" else None


def corrected(made: Adjustment) -> int:
    """What a correction added to what had been settled before; 0 where it was the first word on an unknown outcome."""
    before, after = (msgspec.json.decode(document, type=_Before) for document in (made.before, made.after))
    return 0 if before.state not in _ENDED else (after.cost_nanos or 0) - (before.cost_nanos or 0)


def _ends_before(spoken: Sequence[Adjustment], attempt: int) -> Iterator[_Before]:
    for made in spoken:
        if made.attempt == attempt:
            before = msgspec.json.decode(made.before, type=_Before)
            if before.state in _ENDED:
                yield before
