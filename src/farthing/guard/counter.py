"""One count of a rate limit: what happened in its sliding window, what runs now, and who was told to come back when."""

from collections import deque
from typing import Final

import msgspec

from farthing.guard.limit import Limit, Rate

FINEST = 4_096
"""Entries a window keeps at the millisecond; beyond them calls are joined into grains of that fraction of the window."""
MOST_PROMISES = 1_024
_LARGEST_GAP_MS = 1_000
"""Callers told to come back are spread at the limit's own pace, at most this far from each other."""
_USUAL_MS = 1_000
"""How long a call is taken to hold its slot before any has ended."""
_GONE: Final = -(2**63)


class Entry(msgspec.Struct, gc=False):
    """Calls admitted at one moment, changed in place when their tokens are known. `at_ms` is never before they came."""

    at_ms: int
    requests: int
    tokens: int


class Promise(msgspec.Struct, frozen=True, gc=False):
    """A call that was refused and told when to come back. It holds no place; the next refused is told a later time."""

    at_ms: int
    tokens: int


class Counter:
    """Exact: in no interval as long as the window were more than the limit admitted.

    A call counts at the moment it was admitted, tokens included, until exactly one window later. Beyond `FINEST`
    entries a call counts up to a grain longer, never shorter. `now_ms` must not go back.
    """

    __slots__ = (
        "_log",
        "_promised",
        "_typical_ms",
        "limit",
        "maker",
        "requests",
        "running",
        "tokens",
        "values",
        "window_ms",
    )

    def __init__(self, limit: Limit, values: tuple[str, ...], maker: str = "") -> None:
        self.limit = limit
        self.window_ms = limit.window_ms
        self.values = values
        self.maker = maker
        """The key that brought this value into being."""
        self.requests = 0
        self.tokens = 0
        self.running = 0
        self._log: deque[Entry] = deque()
        self._promised: list[Promise] = []
        self._typical_ms = _USUAL_MS

    def pass_time(self, edge_ms: int) -> None:
        """Forget what was admitted at `edge_ms` (a window before now) or earlier."""
        log = self._log
        while log and log[0].at_ms <= edge_ms:
            gone = log.popleft()
            self.requests -= gone.requests
            self.tokens -= gone.tokens
            gone.at_ms = _GONE

    def lacks(self, tokens: int) -> Rate | None:
        """What stands in the way of a call of so many tokens, or None where it fits."""
        limit = self.limit
        if limit.requests is not None and self.requests >= limit.requests:
            return Rate.REQUESTS
        if limit.tokens is not None and self.tokens + tokens > limit.tokens:
            return Rate.TOKENS
        if limit.concurrency is not None and self.running >= limit.concurrency:
            return Rate.CONCURRENCY
        return None

    def never(self, tokens: int) -> Rate | None:
        """What stands in the way of such a call even when nothing else is there, or None."""
        limit = self.limit
        if limit.requests == 0:
            return Rate.REQUESTS
        if limit.tokens is not None and tokens > limit.tokens:
            return Rate.TOKENS
        return Rate.CONCURRENCY if limit.concurrency == 0 else None

    def add(self, now_ms: int, tokens: int, finest: int = FINEST) -> Entry:
        """Count a call that fits. The entry may be shared with others of the same moment."""
        log = self._log
        at_ms = now_ms
        if len(log) >= finest:
            at_ms += -now_ms % (self.window_ms // finest + 1)
        self.requests += 1
        self.tokens += tokens
        self.running += 1
        if log and log[-1].at_ms >= at_ms:
            entry = log[-1]
            entry.requests += 1
            entry.tokens += tokens
            return entry
        entry = Entry(at_ms, 1, tokens)
        log.append(entry)
        return entry

    def correct(self, entry: Entry, *, requests: int = 0, tokens: int = 0) -> None:
        """Change what an entry counts by so much, unless it has left the window."""
        if entry.at_ms != _GONE:
            entry.requests += requests
            entry.tokens += tokens
            self.requests += requests
            self.tokens += tokens

    def leave(self, held_ms: int | None = None) -> None:
        """A call is over; `held_ms` is how long it ran, where that says anything about calls to come."""
        assert self.running > 0
        self.running -= 1
        if held_ms is not None:
            self._typical_ms += (held_ms - self._typical_ms) // 8

    def idle(self, now_ms: int) -> bool:
        """True where a new counter would know as much as this one."""
        if self.running or (self._log and self._log[-1].at_ms > now_ms - self.window_ms):
            return False
        return not (self._promised and self._promised[-1].at_ms > now_ms)

    def when(self, now_ms: int, tokens: int) -> int:
        """The first moment at which a refused call fits, after those who were told before it.

        Slots are told out for one window from the first on; then from the front again, so that nobody is told more
        than that because others keep asking.
        """
        if self._promised and self._promised[0].at_ms <= now_ms:
            self._promised = [promise for promise in self._promised if promise.at_ms > now_ms]
        at_ms = self._after_promised(now_ms, tokens) if self._promised else None
        if at_ms is None:
            self._promised = []
            at_ms = self._fit(now_ms, tokens)
            assert at_ms is not None, "a call that can never fit must not ask when"
        return at_ms

    def promise(self, at_ms: int, tokens: int) -> None:
        """Remember that a call was told to come at `at_ms`, which is what `when` said or later."""
        self._promised.append(Promise(at_ms, tokens))

    def _after_promised(self, now_ms: int, tokens: int) -> int | None:
        promised = self._promised
        if len(promised) >= MOST_PROMISES:
            return None
        fit_ms = self._fit(now_ms, tokens, ahead=len(promised), tokens_ahead=sum([p.tokens for p in promised]))
        if fit_ms is None:
            return None
        at_ms = max(fit_ms, promised[-1].at_ms + self._gap_ms(tokens))
        return at_ms if at_ms < promised[0].at_ms + self.window_ms else None

    def _fit(self, now_ms: int, tokens: int, *, ahead: int = 0, tokens_ahead: int = 0) -> int | None:
        """When enough has left the window; None where not even all of it leaving is enough."""
        limit = self.limit
        requests_over = 0 if limit.requests is None else self.requests + ahead + 1 - limit.requests
        tokens_over = 0 if limit.tokens is None else self.tokens + tokens_ahead + tokens - limit.tokens
        if requests_over > self.requests or tokens_over > self.tokens:
            return None
        at_ms = now_ms + 1
        if limit.concurrency is not None and self.running >= limit.concurrency:
            at_ms = now_ms + self._gap_ms(tokens)
        last = None
        for entry in self._log:
            if requests_over <= 0 and tokens_over <= 0:
                break
            requests_over -= entry.requests
            tokens_over -= entry.tokens
            last = entry
        return at_ms if last is None else max(at_ms, last.at_ms + self.window_ms)

    def _gap_ms(self, tokens: int) -> int:
        """How far apart the limit lets such calls through for long, within bounds."""
        limit = self.limit
        gap_ms = 1
        if limit.requests:
            gap_ms = self.window_ms // limit.requests
        if limit.tokens:
            gap_ms = max(gap_ms, self.window_ms * tokens // limit.tokens)
        gap_ms = min(gap_ms, _LARGEST_GAP_MS)
        if limit.concurrency and self.running >= limit.concurrency:
            gap_ms = max(gap_ms, self._typical_ms // limit.concurrency)
        return max(gap_ms, 1)
