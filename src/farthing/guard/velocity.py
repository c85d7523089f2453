"""Cost velocity: is this run spending much faster than it used to, or than runs of its workflow do?

Medians and median absolute deviations (MAD), because one odd minute or run must not move what is usual; 1.483 × MAD
estimates a standard deviation (Rousseeuw and Croux, 1993). Everything is whole nano-dollars per minute.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from farthing.domain.money import usd

MOST_RUNS = 16_384
MOST_WORKFLOWS = 4_096
MOST_PAST = 64
"""Past runs of a workflow, and active minutes of a run, that are remembered."""
_MINUTE_MS = 60_000


class Against(StrEnum):
    """Whose history was surpassed."""

    RUN = "run"
    WORKFLOW = "workflow"


class VelocityRules(msgspec.Struct, frozen=True, kw_only=True):
    """When spending is a surprise: at least `times` the median, and `deviations` MAD-deviations above it."""

    window_minutes: int = 5
    """Velocity is what the last so many minutes cost, divided by them."""
    own_minutes: int = 10
    """Earlier active minutes without which a run's own history says nothing."""
    past_runs: int = 8
    """Past runs without which a workflow's history says nothing."""
    times: int = 4
    deviations: int = 6
    least_nanos: int = 10_000_000
    """Below this per minute (one cent) nothing is a surprise."""


class Surprise(msgspec.Struct, frozen=True, kw_only=True):
    """A velocity outside what is usual. Amounts are nano-dollars per minute."""

    against: Against
    nanos: int
    usual_nanos: int
    """The median."""
    bar_nanos: int
    """What it had to pass."""
    seen: int
    """Minutes or past runs that the median is of."""

    @property
    def message(self) -> str:
        """What is unusual, in words and numbers; to be put after `this run`."""
        whose = (
            f"its own {self.seen} earlier active minutes"
            if self.against is Against.RUN
            else (f"{self.seen} past runs of its workflow at their fastest")
        )
        return (
            f"spends {usd(self.nanos)} USD a minute; the median of {whose} is {usd(self.usual_nanos)} USD,"
            f" and more than {usd(self.bar_nanos)} USD is unusual"
        )


def median(values: Iterable[int]) -> int:
    """The middle value; of two middle ones their mean, rounded down. Raises IndexError where there are none."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) // 2


def bar(history: Sequence[int], rules: VelocityRules) -> tuple[int, int]:
    """The median of a history, and what a value must pass to be a surprise."""
    usual = median(history)
    spread = median(abs(value - usual) for value in history)
    return usual, max(usual * rules.times, usual + rules.deviations * spread * 1_483 // 1_000, rules.least_nanos)


class Pace:
    """What one run spent, by minute. Time never goes back here."""

    __slots__ = ("_earlier", "_recent", "_window", "minute", "peak_nanos", "workflow")

    def __init__(self, workflow: str, window_minutes: int) -> None:
        self.workflow = workflow
        self._window = window_minutes
        self._recent: deque[tuple[int, int]] = deque()
        """(minute, nanos) of the active minutes within the window."""
        self._earlier: deque[int] = deque(maxlen=MOST_PAST)
        """Nanos of the active minutes before."""
        self.peak_nanos = 0
        """The run's highest velocity."""
        self.minute = 0
        """The last in which it spent."""

    def charge(self, nanos: int, now_ms: int) -> None:
        minute = now_ms // _MINUTE_MS
        if self._recent and self._recent[-1][0] >= minute:
            minute, before = self._recent.pop()
            nanos += before
        self._recent.append((minute, nanos))
        self.minute = minute
        self.peak_nanos = max(self.peak_nanos, self.velocity(now_ms))

    def velocity(self, now_ms: int) -> int:
        """Nano-dollars per minute over the window."""
        oldest = now_ms // _MINUTE_MS - self._window
        while self._recent and self._recent[0][0] <= oldest:
            self._earlier.append(self._recent.popleft()[1])
        return sum(nanos for _, nanos in self._recent) // self._window

    @property
    def earlier(self) -> tuple[int, ...]:
        return tuple(self._earlier)


class Velocities:
    """Paces of the runs that go on, and the fastest velocities of past runs by workflow. Bounded; in memory."""

    __slots__ = ("_paces", "_past", "rules")

    def __init__(self, rules: VelocityRules | None = None) -> None:
        self.rules = VelocityRules() if rules is None else rules
        self._paces: dict[str, Pace] = {}
        self._past: dict[str, deque[int]] = {}

    def learn(self, workflow: str, peak_nanos: int) -> None:
        """A past run's highest velocity, as from the records of earlier days. Runs that cost nothing tell nothing."""
        if not workflow or not peak_nanos:
            return
        past = self._past.pop(workflow, None)
        if past is None:
            past = deque(maxlen=MOST_PAST)
            if len(self._past) >= MOST_WORKFLOWS:
                del self._past[next(iter(self._past))]
        past.append(peak_nanos)
        self._past[workflow] = past

    def charge(self, run: str, nanos: int, *, now_ms: int, workflow: str = "") -> Surprise | None:
        """What a call of the run cost, and whether its velocity is a surprise with it."""
        pace = self._paces.pop(run, None)
        if pace is None:
            if len(self._paces) >= MOST_RUNS:
                self.end(next(iter(self._paces)))
            pace = Pace(workflow, self.rules.window_minutes)
        self._paces[run] = pace
        pace.charge(nanos, now_ms)
        return self._surprise(pace, now_ms)

    def check(self, run: str, *, now_ms: int) -> Surprise | None:
        """Whether the run's velocity is a surprise now."""
        pace = self._paces.get(run)
        return None if pace is None else self._surprise(pace, now_ms)

    def end_silent(self, now_ms: int, silent_ms: int) -> None:
        """End the runs that spent nothing for so long. Looks at no others: meant for every new run."""
        last_minute = (now_ms - silent_ms) // _MINUTE_MS
        while self._paces:
            run, pace = next(iter(self._paces.items()))
            if pace.minute >= last_minute:
                return
            self.end(run)

    def end(self, run: str) -> None:
        """The run is over: its workflow learns from it. A run that surprised too: medians bear it, and usage may grow."""
        pace = self._paces.pop(run, None)
        if pace is not None:
            self.learn(pace.workflow, pace.peak_nanos)

    def _surprise(self, pace: Pace, now_ms: int) -> Surprise | None:
        nanos = pace.velocity(now_ms)
        if nanos <= self.rules.least_nanos:
            return None
        own = self._beyond(Against.RUN, nanos, pace.earlier, self.rules.own_minutes)
        if own is not None:
            return own
        return self._beyond(Against.WORKFLOW, nanos, self._past.get(pace.workflow, ()), self.rules.past_runs)

    def _beyond(self, against: Against, nanos: int, history: Sequence[int], least: int) -> Surprise | None:
        if len(history) < least:
            return None
        usual, bar_nanos = bar(history, self.rules)
        if nanos <= bar_nanos:
            return None
        return Surprise(against=against, nanos=nanos, usual_nanos=usual, bar_nanos=bar_nanos, seen=len(history))
