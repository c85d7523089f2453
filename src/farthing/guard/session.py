"""One session's counters: steps, tool calls, retries, time and cost, and which of its limits it has passed."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from farthing.domain.money import usd
from farthing.domain.record import Labels

MOST_SESSIONS = 65_536
GAP_MS = 900_000
"""A session without a run ends when its agent was silent for so long; the contract's example of `idle_after`."""
_MINUTE_MS = 60_000
_REMEMBERED = 16
"""Different requests a session remembers to know one when it comes again."""

SessionName = tuple[str, str, str]
"""Run, agent, key: `(run, "", "")`, or `("", agent, key)` for calls without a run."""


class Count(StrEnum):
    """What a session's limits count."""

    STEPS = "steps"
    TOOL_CALLS = "tool_calls"
    RETRIES = "retries"
    MINUTES = "minutes"
    COST = "cost"


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of each session; None where there is none."""

    steps: int | None = None
    tool_calls: int | None = None
    retries: int | None = None
    """How often one and the same request may come again."""
    minutes: int | None = None
    """Since the session's first call."""
    cost_nanos: int | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What a session has done. Counters only rise; a new session begins at zero."""

    started_ms: int
    steps: int = 0
    """Calls."""
    tool_calls: int = 0
    retries: int = 0
    """How often the latest request had come before."""
    cost_nanos: int = 0
    requests: tuple[tuple[str, int], ...] = ()
    """The latest different requests as (digest, times), the latest last."""

    def step(self, digest: str, tool_calls: int = 0) -> "Session":
        """One more call. `digest` of the whole request ("" where unknown), `tool_calls` answered since the last turn.

        The same request again brings no new tool calls: the same results are only sent once more.
        """
        times = next((times for known, times in self.requests if known == digest), 0) if digest else 0
        others = tuple([known for known in self.requests if known[0] != digest])
        requests = (*others, (digest, times + 1))[-_REMEMBERED:] if digest else self.requests
        return msgspec.structs.replace(
            self,
            steps=self.steps + 1,
            tool_calls=self.tool_calls + (0 if times else tool_calls),
            retries=times,
            requests=requests,
        )

    def charge(self, nanos: int) -> "Session":
        """What a call cost, known after it."""
        return msgspec.structs.replace(self, cost_nanos=self.cost_nanos + nanos)

    def passed(self, limits: SessionLimits, now_ms: int) -> "Passed | None":
        """The first limit that this session is past, or None."""
        elapsed_ms = now_ms - self.started_ms
        if limits.retries is not None and self.retries > limits.retries:
            return Passed(Count.RETRIES, self.retries, limits.retries)
        if limits.tool_calls is not None and self.tool_calls > limits.tool_calls:
            return Passed(Count.TOOL_CALLS, self.tool_calls, limits.tool_calls)
        if limits.steps is not None and self.steps > limits.steps:
            return Passed(Count.STEPS, self.steps, limits.steps)
        if limits.minutes is not None and elapsed_ms > limits.minutes * _MINUTE_MS:
            return Passed(Count.MINUTES, -(-elapsed_ms // _MINUTE_MS), limits.minutes)
        if limits.cost_nanos is not None and self.cost_nanos >= limits.cost_nanos:
            return Passed(Count.COST, self.cost_nanos, limits.cost_nanos)
        return None


class Passed(msgspec.Struct, frozen=True):
    """A limit that a session is past. Cost is in nano-dollars, the others are counts."""

    count: Count
    seen: int
    limit: int

    @property
    def message(self) -> str:
        """What tripped, in words and numbers; to be put after `this run` or `this session of agent bot`."""
        match self.count:
            case Count.STEPS:
                return f"made {self.seen} calls; the limit is {self.limit}"
            case Count.TOOL_CALLS:
                return f"made {self.seen} tool calls; the limit is {self.limit}"
            case Count.RETRIES:
                return f"sent the same request again for the {_nth(self.seen)} time; the limit is {self.limit}"
            case Count.MINUTES:
                return f"is in its {_nth(self.seen)} minute; the limit is {self.limit}"
            case Count.COST:
                return f"has cost {usd(self.seen)} USD; the limit is {usd(self.limit)} USD"


def session_name(labels: Labels, key: str) -> SessionName | None:
    """Whose counters a call is counted on; None where it names neither run nor agent, and nothing can be told apart."""
    named = dict(labels)
    if named.get("run"):
        return (named["run"], "", "")
    return ("", named["agent"], key) if named.get("agent") else None


def describe(name: SessionName) -> str:
    """`run r-17`, or `agent bot of key support bot`."""
    run, agent, key = name
    if run:
        return f"run {run}"
    return f"agent {agent} of key {key}" if key else f"agent {agent}"


class Sessions:
    """All sessions' counters in memory: at most `most`, the longest untouched are forgotten first."""

    __slots__ = ("_kept", "_most", "gap_ms", "limits")

    def __init__(self, limits: SessionLimits, *, gap_ms: int = GAP_MS, most: int = MOST_SESSIONS) -> None:
        self.limits = limits
        self.gap_ms = gap_ms
        self._kept: dict[SessionName, tuple[int, Session]] = {}
        """With the moment of its latest call."""
        self._most = most

    def step(self, name: SessionName, *, now_ms: int, digest: str = "", tool_calls: int = 0) -> Passed | None:
        """Count a call, and say which limit the session is past with it."""
        session = self._at(name, now_ms).step(digest, tool_calls)
        self._keep(name, now_ms, session)
        return session.passed(self.limits, now_ms)

    def charge(self, name: SessionName, nanos: int) -> None:
        """What a call cost. A session that was forgotten or reset meanwhile is not begun by it."""
        kept = self._kept.get(name)
        if kept is not None:
            self._kept[name] = (kept[0], kept[1].charge(nanos))

    def get(self, name: SessionName) -> Session | None:
        kept = self._kept.get(name)
        return None if kept is None else kept[1]

    def reset(self, name: SessionName) -> bool:
        """Begin at zero again, by a person's word. False where nothing was counted."""
        return self._kept.pop(name, None) is not None

    def __iter__(self) -> Iterator[SessionName]:
        """All that are counted, the longest untouched first."""
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def _at(self, name: SessionName, now_ms: int) -> Session:
        kept = self._kept.get(name)
        if kept is None or (not name[0] and now_ms - kept[0] >= self.gap_ms):
            return Session(started_ms=now_ms)
        return kept[1]

    def _keep(self, name: SessionName, now_ms: int, session: Session) -> None:
        self._kept.pop(name, None)
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[name] = (now_ms, session)


def _nth(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `4th`, `11th`, `21st`."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
