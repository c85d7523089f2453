"""Following the ledger: every attempt once when it has ended, every call once when it is over, whatever comes late.

Ids rise with arrival, and records are written later: a call that waited for money comes in behind others that are known
already. So the last stretch is looked at again, for as long as a call may wait.
"""

from collections.abc import Iterator, Sequence

import msgspec

from farthing.domain.ids import EPOCH_MS
from farthing.ports.records import AttemptRecord, CallRecord
from farthing.ports.trail import Trail

PAGE = 1_000
"""Calls read in one transaction."""
NEAR_MS = 10_000
"""Calls that are this young may come in behind later ones at any moment: looked for in every round."""
FAR_EVERY_MS = 30_000
"""How often the whole stretch in which a call may still be waiting is looked through."""
LATE_MS = 10 * 60_000
"""The least length of that stretch, beside the longest wait that is configured."""
GONE_MS = 60 * 60_000
"""A call without open attempts that was never closed was left by its process after this."""
OPEN_AT_ONCE = 2_000
"""Calls still open that one round looks at again."""


class Progress(msgspec.Struct, kw_only=True):
    """How far a follower has come. Kept as JSON."""

    behind: int = 0
    """No call up to this id is expected to come in any more."""
    high: int = 0
    """The greatest id seen."""
    seen: set[int] = msgspec.field(default_factory=set)
    """Those between the two."""
    open: dict[int, int] = msgspec.field(default_factory=dict)
    """Calls that are not over, by id: a bit for each attempt that has ended and was taken."""
    far_ms: int = 0
    """When the whole stretch was looked through last."""


class Found(msgspec.Struct, frozen=True):
    """What is new of one call."""

    call: CallRecord
    ended: tuple[AttemptRecord, ...]
    """Its attempts that have ended since it was last seen."""
    over: bool
    """It is at its end, and so are all its attempts: it will not be found again."""


def floor(at_ms: int) -> int:
    """An id below those of all calls that arrive from this moment on."""
    return max(at_ms - EPOCH_MS, 0) << 22


def since(at_ms: int) -> Progress:
    """The progress of a follower to whom nothing before this moment matters."""
    return Progress(behind=floor(at_ms), high=floor(at_ms))


class Follower:
    """One who follows. `progress` is its own; whoever keeps it elsewhere may go on from there after a restart."""

    def __init__(self, trail: Trail, progress: Progress) -> None:
        self.progress = progress
        self._trail = trail
        self._turn = 0

    def news(self, now_ms: int, late_ms: int = 0, most: int = PAGE) -> Iterator[Found]:
        """What is new, at most `most` calls that were never seen among it. `late_ms` is the longest a call may wait.

        Take it to its end: what is given counts as taken. Fewer than `most` fresh calls (`caught_up`) means there are no
        more for now. Raises LedgerUnavailable, and then the rest comes next time.
        """
        yield from self._again(now_ms)
        fresh = self._trail.after(self.progress.high, most)
        self.caught_up = len(fresh) < most
        for call in fresh:
            self.progress.high = call.opening.id
            self.progress.seen.add(call.opening.id)
            yield from self._meet(call, now_ms)
        if self.caught_up:
            yield from self._late(now_ms, max(late_ms, 0) + LATE_MS)
        elif self.progress.high < floor(now_ms - LATE_MS - late_ms):  # far in the past: nothing comes in there
            self.progress.behind = self.progress.high
            self.progress.seen.clear()

    caught_up = False
    """Whether the last round came to the newest call."""

    def _again(self, now_ms: int) -> Iterator[Found]:
        """Calls that were open when last seen; where there are very many, some of them in each round."""
        waiting = sorted(self.progress.open)
        start = self._turn * OPEN_AT_ONCE
        self._turn = self._turn + 1 if start + OPEN_AT_ONCE < len(waiting) else 0
        asked = waiting[start : start + OPEN_AT_ONCE]
        found = self._trail.of(asked) if asked else ()
        for gone in set(asked) - {call.opening.id for call in found}:
            del self.progress.open[gone]
        for call in found:
            yield from self._meet(call, now_ms)

    def _late(self, now_ms: int, late_ms: int) -> Iterator[Found]:
        """Calls that came in behind those already seen."""
        progress, far = self.progress, now_ms - self.progress.far_ms >= FAR_EVERY_MS
        start = progress.behind if far else max(progress.behind, floor(now_ms - NEAR_MS))
        missed = [one for one in self._trail.ids(start, progress.high) if one not in progress.seen]
        for call in self._trail.of(missed) if missed else ():
            progress.seen.add(call.opening.id)
            yield from self._meet(call, now_ms)
        if far:
            progress.far_ms = now_ms
            progress.behind = max(progress.behind, min(progress.high, floor(now_ms - late_ms)))
            progress.seen = {one for one in progress.seen if one > progress.behind}

    def _meet(self, call: CallRecord, now_ms: int) -> Iterator[Found]:
        number = call.opening.id
        taken = self.progress.open.get(number, 0)
        ended = tuple(one for one in call.attempts if has_ended(one) and not taken >> one.opening.ordinal & 1)
        over = is_over(call, now_ms)
        if over:
            self.progress.open.pop(number, None)
        else:
            self.progress.open[number] = taken | _bits(ended)
        if ended or over:
            yield Found(call, ended, over)


def has_ended(attempt: AttemptRecord) -> bool:
    """Whether its cost is known, or known to be nothing."""
    return attempt.state in {"settled", "void"}


def is_over(call: CallRecord, now_ms: int) -> bool:
    """Whether nothing more will come of a call: it ended and so did its attempts, or its process left it long ago."""
    if not all(map(has_ended, call.attempts)):
        return False
    return call.closing is not None or now_ms - call.opening.arrived_ms > GONE_MS


def _bits(attempts: Sequence[AttemptRecord]) -> int:
    bits = 0
    for attempt in attempts:
        bits |= 1 << attempt.opening.ordinal
    return bits
