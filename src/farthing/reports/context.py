"""Context length by turn: how the prompt grows from call to call of a run, and how much of it is read from a cache.

`Contexts.take(record)` in the order of arrival, then `turns()`. A turn is a call of one agent of one run that a provider
answered; the first call of an agent in the time looked at is turn 1, so the time should hold whole runs.
"""

from collections import Counter

import msgspec

from farthing.domain.ranks import counted_rank
from farthing.ports.records import CallRecord
from farthing.reports.rates import share

MOST_TURNS = 100
"""Later turns are counted as this one."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """All calls that were the n-th of their agent and run."""

    turn: int
    calls: int
    median_input_tokens: int
    p90_input_tokens: int
    cached: float | None
    """Input that was read from a cache, of all input."""
    nanos: int
    """What these turns cost."""


class Contexts:
    """Turns of many runs, counted. A call without a run is no turn of anything."""

    def __init__(self) -> None:
        self._at: Counter[tuple[str, str]] = Counter()
        self._lengths: dict[int, Counter[int]] = {}
        self._cached: Counter[int] = Counter()
        self._nanos: Counter[int] = Counter()

    @property
    def runs(self) -> int:
        """Runs that were seen."""
        return len({run for run, _ in self._at})

    def take(self, record: CallRecord) -> None:
        """One more call."""
        labels = dict(record.opening.labels)
        run = labels.get("run", "")
        answers = [attempt for attempt in record.attempts if attempt.usage is not None]
        if not run or not answers:
            return
        self._at[run, labels.get("agent", "")] += 1
        turn = min(self._at[run, labels.get("agent", "")], MOST_TURNS)
        usage = answers[-1].usage
        assert usage is not None
        self._lengths.setdefault(turn, Counter())[usage.input_tokens] += 1
        self._cached[turn] += usage.cache_read_input_tokens
        self._nanos[turn] += sum(attempt.cost_nanos or 0 for attempt in record.attempts)

    def turns(self) -> tuple[Turn, ...]:
        """In their order."""
        return tuple(self._turn(turn, lengths) for turn, lengths in sorted(self._lengths.items()))

    def _turn(self, turn: int, lengths: Counter[int]) -> Turn:
        return Turn(
            turn=turn,
            calls=lengths.total(),
            median_input_tokens=counted_rank(lengths, 50),
            p90_input_tokens=counted_rank(lengths, 90),
            cached=share(self._cached[turn], sum(length * count for length, count in lengths.items())),
            nanos=self._nanos[turn],
        )
