"""Does an agent go round in circles? Seen from its messages alone: the uses of tools that its latest request tells of.

An agent loops when the calls it just made gave the same result, or failed again, for the `same_call`-th time and nothing in
between was a reason to ask again: no new words from the user, no new act, hardly any new answer (`loop_progress`). A call
taken for a poll has four times the patience: its name says so, its result has changed by itself before, or the agent waits.

One rule covers the same call in a row, with others between, two calls that alternate and cycles of any length: the last call
of a cycle is met for the third time in its third round. Only the latest step is judged, so an agent that turns to something
else is out of its loop; and calls made in parallel count once, for none of them has seen the others' results.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

import msgspec

from farthing.guard.loop_progress import Progress
from farthing.guard.loop_tools import Manner, manner_of
from farthing.wire.history import ToolUse

MOST_USES = 200
"""How far back a history is read."""
MOST_PARALLEL = 16
"""How many calls of one step are looked at."""
POLL_PATIENCE = 4
"""How many times as often a poll may give the same result."""
LONGEST_CYCLE = 4
"""Cycles up to this length are named as such; longer ones are found as the same call with others between."""


class LoopRules(msgspec.Struct, frozen=True):
    """When repetition is a loop."""

    same_call: int = 3
    """The how-manieth same result of the same call, or the same error, is a loop; 0 for never. 1 is taken as 2: once is no
    repetition."""
    poll: tuple[str, ...] = ()
    """Tools that may repeat, by name or by its beginning and `*`. What they do is as if it were not there."""

    @property
    def limit(self) -> int:
        """`same_call` as it is meant."""
        return self.same_call and max(self.same_call, 2)

    def exempts(self, tool: str) -> bool:
        return bool(self.poll) and any(
            tool.startswith(name[:-1]) if name.endswith("*") else tool == name for name in self.poll
        )


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A loop: which tool, how often, and since which call."""

    kind: str
    """`same_call`, `oscillation`, `cycle`, `same_error` (of a tool, whatever the arguments), `failing_call` (whatever the
    error) or `same_request`."""
    tool: str
    """The tool whose call closed the loop; "" for `same_request`."""
    times: int
    """How often, the first time included."""
    since: int
    """Where in the history it began: 1 is the first use of a tool, as the request tells them."""
    id: str = ""
    """The id of the call it began with, where it has one."""
    tools: tuple[str, ...] = ()
    """What an oscillation or a cycle goes through, in its order."""

    def __str__(self) -> str:
        """One sentence for people."""
        since = f"since call {self.since} of the conversation" + (f" ({self.id})" if self.id else "")
        match self.kind:
            case "oscillation" | "cycle":
                return f"The calls of {', '.join(self.tools)} came {self.times} times with the same results, {since}."
            case "same_error":
                return f"{self.tool} failed {self.times} times with the same error, {since}."
            case "failing_call":
                return f"The same call of {self.tool} failed {self.times} times, {since}."
            case "same_request":
                return f"The very same request was answered {self.times - 1} times and came again."
            case _:
                return f"The same call of {self.tool} gave the same result {self.times} times, {since}."


def find(history: Sequence[ToolUse], rules: LoopRules, *, turns: int = 0, words: int = 0) -> Finding | None:
    """The loop that the latest step of this history is in, or None. Takes time in proportion to `MOST_USES` at the most.

    `turns` and `words` are those of the whole conversation (`Draft.turns()`, `Draft.words()`): an answer without a call and
    new words from the user both end a loop.
    """
    limit = rules.limit
    if not limit or len(history) < limit or turns > history[-1].turn or words > history[-1].words:
        return None
    recent = history[-MOST_USES:]
    recent = recent[bisect_left(recent, recent[-1].words, key=_words) :]
    latest = _latest_step(recent)
    if not _worth_a_look(recent, latest, limit):
        return None
    base = len(history) - len(recent)
    places = [at for at, use in enumerate(recent) if use.result is not None and not rules.exempts(use.name)]
    return _Search([recent[at] for at in places], [base + at + 1 for at in places], limit).loop_of(latest)


_words = attrgetter("words")


def _latest_step(recent: Sequence[ToolUse]) -> Sequence[ToolUse]:
    """The calls that the model made last: one, or several in parallel, of which the last close a loop. A use that knows no
    turn stands for itself."""
    turn, first = recent[-1].turn, len(recent) - 1
    while turn and first and recent[first - 1].turn == turn:
        first -= 1
    return recent[first:][-MOST_PARALLEL:]


def _worth_a_look(recent: Sequence[ToolUse], latest: Iterable[ToolUse], limit: int) -> bool:
    """A cheap look that lets nearly every honest request go: has any of these calls given this result often enough, or has
    the tool failed so often?"""
    results = [use.result for use in recent]
    failed: list[str] | None = None
    for use in latest:
        if use.error:
            failed = [each.name for each in recent if each.error] if failed is None else failed
            if failed.count(use.name) >= limit:
                return True
        elif results.count(use.result) >= limit:
            arguments, result = use.arguments, use.result
            if sum(each.arguments == arguments and each.result == result for each in recent) >= limit:
                return True
    return False


class _Search:
    """One look at what was done since the user's last new words: answered uses without exempt ones, and where they stand in
    the whole history."""

    def __init__(self, uses: Sequence[ToolUse], places: Sequence[int], limit: int) -> None:
        self.uses, self.places, self.limit = uses, places, limit
        self.progress = Progress(uses)

    def loop_of(self, latest: Iterable[ToolUse]) -> Finding | None:
        """The first loop that any of these calls is in."""
        for tool, arguments in dict.fromkeys((use.name, use.arguments) for use in latest):
            of_tool = [at for at, use in enumerate(self.uses) if use.name == tool]
            of_call = [at for at in of_tool if self.uses[at].arguments == arguments]
            found = (
                self._repeated(of_call, "same_call", lambda use: use.result)
                or self._repeated(of_call, "failing_call", lambda use: b"failed" if use.error else None)
                or self._repeated(of_tool, "same_error", lambda use: use.result if use.error else None)
            )
            if found is not None:
                return found
        return None

    def _repeated(self, places: Sequence[int], kind: str, outcome: Callable[[ToolUse], bytes | None]) -> Finding | None:
        """A loop of this kind, if the last of these uses comes after enough others with the same outcome (None is no
        outcome: it ends the row) and nothing got done between them."""
        row: list[int] = []
        polls = bool(places) and manner_of(self.uses[places[0]].name) in (Manner.POLLS, Manner.WAITS)
        for at in places:
            use, said = self.uses[at], outcome(self.uses[at])
            if row and use.turn and use.turn == self.uses[row[-1]].turn:
                continue
            if not row or said is None or self.progress.made(row[-1], at):
                row = [] if said is None else [at]
                continue
            polls = polls or self.progress.waited(row[-1], at)
            if said == outcome(self.uses[row[-1]]):
                row.append(at)
            else:
                changed = kind == "same_call" and not (use.error or self.uses[row[-1]].error)
                polls = polls or changed  # an error that went away is no change by itself but a retry
                row = [at]
        if len(row) < self.limit * (POLL_PATIENCE if polls else 1):
            return None
        return self._named(kind, row)

    def _named(self, kind: str, row: Sequence[int]) -> Finding:
        """What was found, by its shape where it is a cycle."""
        first, last = row[0], row[-1]
        tools: tuple[str, ...] = ()
        if kind == "same_call":
            if self.uses[last].error:
                kind = "same_error"
            elif cycle := self._cycle(row[-2], last):
                kind, tools = ("oscillation" if len(cycle) == 2 else "cycle"), cycle
                first = max(first - len(cycle) + 1, 0)
        return Finding(
            kind=kind,
            tool=self.uses[last].name,
            times=len(row),
            since=self.places[first],
            id=self.uses[first].id,
            tools=tools,
        )

    def _cycle(self, before: int, last: int) -> tuple[str, ...]:
        """The tools of the round that ends here, if it has two to `LONGEST_CYCLE` steps and the one before was the same.
        Calls in parallel are no cycle."""
        length = last - before
        turns = [use.turn for use in self.uses[before : last + 1]]
        this = self.uses[before + 1 : last + 1]
        earlier = self.uses[max(before + 1 - length, 0) : before + 1]
        if not 2 <= length <= LONGEST_CYCLE or (all(turns) and len(set(turns)) <= length):
            return ()
        return tuple(use.name for use in this) if _same(this, earlier) else ()


def _same(these: Sequence[ToolUse], those: Sequence[ToolUse]) -> bool:
    return [(use.name, use.arguments, use.result) for use in these] == [
        (use.name, use.arguments, use.result) for use in those
    ]
