"""Rate limits: requests, tokens and calls at once, admitted on every limit that matches or on none."""

import operator
from collections import Counter as Tally
from collections import deque

import msgspec

from farthing.domain.budget import OTHERS
from farthing.domain.labels import matches
from farthing.domain.record import Labels
from farthing.guard.counter import FINEST, Counter, Entry
from farthing.guard.limit import Limit, Limited, NeverFits, Rate

MOST_COUNTERS = 65_536
"""Values counted apart at once, over all limits; the rest share `(other)`."""
MOST_ENTRIES = 1 << 20
"""Roughly the entries of all windows together: with many counters each keeps fewer, in coarser grains."""
_COARSEST = 64
_FIRST_SWEEP = 1_024
_SWEEP_EVERY_MS = 1_000
_MOST_REMEMBERED = 8_192

Place = tuple[tuple[tuple[str, str], ...], str, int]
"""What makes a limit the same after a reload: its match, its window, and which of several such it is."""
Holds = tuple[tuple[Counter, Entry], ...]


class Ticket:
    """An admitted call: the slots it holds and the tokens it was admitted for. Ends by `finish` or `withdraw`, once.

    A slot belongs to its ticket. One that is lost unfinished (the task that held it died) gives its slots back at the
    next look, and keeps its tokens counted. There is no deadline: a slot freed by time while its call still runs
    would let one call too many through.
    """

    __slots__ = ("at_ms", "holds", "lost", "tokens")

    def __init__(self, holds: Holds, lost: deque[Holds], at_ms: int, tokens: int) -> None:
        self.holds = holds
        self.lost = lost
        self.at_ms = at_ms
        self.tokens = tokens

    def __del__(self) -> None:
        if self.holds:  # only an append, which is atomic: the collector may run in any thread
            self.lost.append(self.holds)


UNLIMITED = Ticket((), deque(), 0, 0)
"""What a call gets that no limit matches: it holds nothing, so ending it again and again is nothing."""


class RateStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How one count stands."""

    limit: Limit
    values: tuple[str, ...]
    requests: int
    tokens: int
    running: int


class Rates:
    """All rate limits of one process. One thread; time never goes back here, whatever the clock does."""

    __slots__ = (
        "_counters",
        "_finest",
        "_known",
        "_limits",
        "_lost",
        "_made",
        "_now_ms",
        "_sweep_at",
        "_swept_ms",
        "_telling",
    )

    def __init__(self, limits: tuple[Limit, ...] = ()) -> None:
        self._counters: dict[tuple[Place, tuple[str, ...]], Counter] = {}
        self._known: dict[tuple[str, Labels], tuple[Counter, ...]] = {}
        self._made: Tally[tuple[Place, str]] = Tally()
        self._lost: deque[Holds] = deque()
        self._now_ms = 0
        self._swept_ms = -_SWEEP_EVERY_MS
        self._sweep_at = _FIRST_SWEEP
        self._finest = FINEST
        self.replace(limits)

    def replace(self, limits: tuple[Limit, ...]) -> None:
        """Take these limits from now on. What is counted stays where match and window stay, whatever the amounts."""
        places: dict[Place, Limit] = {}
        for limit in limits:
            nth = sum(1 for match, per, _ in places if (match, per) == (limit.match, limit.per))
            places[limit.match, limit.per, nth] = limit
        self._limits = tuple(places.items())
        self._telling = frozenset(name for limit in limits for name, _ in limit.match)
        self._known.clear()
        self._counters = {key: counter for key, counter in self._counters.items() if key[0] in places}
        for (place, _), counter in self._counters.items():
            counter.limit = places[place]
        self._made = Tally((place, counter.maker) for (place, _), counter in self._counters.items())

    def admit(
        self, labels: Labels, *, now_ms: int, tokens: int = 0, key: str = "", max_values: int = 1_000
    ) -> Ticket | Limited | NeverFits:
        """Count a call under every limit that matches, or under none and say why.

        `labels` are those that may choose (bound to the key or in its `may_set`); `tokens` the most the call can use.
        `key` makes at most `max_values` values of one limit be counted apart at a time; "" is not bounded by it.
        """
        if self._lost:
            self._recover()
        self._now_ms = now_ms = max(now_ms, self._now_ms)
        counters = self._matching(labels, key, max_values)
        if not counters:
            return UNLIMITED
        lacking = False
        for counter in counters:
            counter.pass_time(now_ms - counter.window_ms)
            if counter.lacks(tokens) is not None:
                lacking = True
        if lacking:
            return self._refuse(counters, tokens)
        finest = self._finest
        holds = tuple([(counter, counter.add(now_ms, tokens, finest)) for counter in counters])
        return Ticket(holds, self._lost, now_ms, tokens)

    def fits(self, labels: Labels, *, now_ms: int, tokens: int = 0, key: str = "", max_values: int = 1_000) -> bool:
        """Whether `admit` would, now. Counts nothing and promises nothing."""
        self._now_ms = now_ms = max(now_ms, self._now_ms)
        counters = self._matching(labels, key, max_values)
        for counter in counters:
            counter.pass_time(now_ms - counter.window_ms)
        return all(counter.lacks(tokens) is None for counter in counters)

    def finish(self, ticket: Ticket, *, now_ms: int, tokens: int | None = None) -> None:
        """The call is over and used so many tokens; None where nobody knows: it stays counted as admitted.

        Safe to repeat. More tokens than admitted are counted in full, so a window may exceed its limit by what the
        call used beyond its bound; nothing is admitted until that has left.
        """
        holds, ticket.holds = ticket.holds, ()
        held_ms = max(now_ms - ticket.at_ms, 0)
        for counter, entry in holds:
            counter.leave(held_ms)
            if tokens is not None and tokens != ticket.tokens:
                counter.correct(entry, tokens=tokens - ticket.tokens)

    def withdraw(self, ticket: Ticket) -> None:
        """The call was never sent: as if it had not been admitted. Safe to repeat, and after `finish` a no-op."""
        holds, ticket.holds = ticket.holds, ()
        for counter, entry in holds:
            counter.leave()
            counter.correct(entry, requests=-1, tokens=-ticket.tokens)

    def standings(self, *, now_ms: int) -> tuple[RateStanding, ...]:
        """Every count that is not idle."""
        self._recover()
        self._now_ms = now_ms = max(now_ms, self._now_ms)
        busy = [counter for counter in self._counters.values() if not counter.idle(now_ms)]
        for counter in busy:
            counter.pass_time(now_ms - counter.window_ms)
        return tuple(
            RateStanding(
                limit=counter.limit,
                values=counter.values,
                requests=counter.requests,
                tokens=counter.tokens,
                running=counter.running,
            )
            for counter in busy
        )

    def __len__(self) -> int:
        """Counters kept."""
        return len(self._counters)

    def _refuse(self, counters: tuple[Counter, ...], tokens: int) -> Limited | NeverFits:
        """The refusal of the limit that opens last; it and the others that lack expect the call at that moment."""
        for counter in counters:
            rate = counter.never(tokens)
            if rate is not None:
                needed, allowed = _figures(counter.limit, rate, tokens)
                return NeverFits(limit=counter.limit, values=counter.values, rate=rate, needed=needed, allowed=allowed)
        now_ms = self._now_ms
        lacking = [counter for counter in counters if counter.lacks(tokens) is not None]
        at_ms, last = max(((counter.when(now_ms, tokens), counter) for counter in lacking), key=operator.itemgetter(0))
        for counter in lacking:
            counter.promise(at_ms, tokens)
        return _limited(last, tokens, at_ms - now_ms)

    def _recover(self) -> None:
        while self._lost:
            for counter, _ in self._lost.popleft():
                counter.leave()

    def _matching(self, labels: Labels, key: str, max_values: int) -> tuple[Counter, ...]:
        telling = tuple([pair for pair in labels if pair[0] in self._telling])
        known = self._known.get((key, telling))
        if known is not None:
            return known
        if self._now_ms - self._swept_ms >= _SWEEP_EVERY_MS and self._crowded(key, max_values):
            self._sweep()
        named = dict(telling)
        found = tuple(
            self._counter(place, limit, limit.values(named), key, max_values)
            for place, limit in self._limits
            if matches(limit.match, named)
        )
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key, telling] = found
        return found

    def _counter(self, place: Place, limit: Limit, values: tuple[str, ...], key: str, max_values: int) -> Counter:
        counter = self._counters.get((place, values))
        if counter is not None:
            return counter
        full = len(self._counters) >= MOST_COUNTERS or (key and self._made[place, key] >= max_values)
        if full and values and values != (OTHERS,):
            return self._counter(place, limit, (OTHERS,), "", max_values)
        self._made[place, key] += 1
        counter = self._counters[place, values] = Counter(limit, values, key)
        self._finest = max(_COARSEST, min(FINEST, MOST_ENTRIES // len(self._counters)))
        return counter

    def _crowded(self, key: str, max_values: int) -> bool:
        """Whether dropping idle counters could help this key to one of its own."""
        if len(self._counters) >= self._sweep_at:
            return True
        return bool(key) and any(self._made[place, key] >= max_values for place, _ in self._limits)

    def _sweep(self) -> None:
        """Drop every counter that counts nothing now; the next sweep is when there are twice as many as are left."""
        self._known.clear()
        self._swept_ms = self._now_ms
        for key in [key for key, counter in self._counters.items() if counter.idle(self._now_ms)]:
            self._made[key[0], self._counters.pop(key).maker] -= 1
        self._made = +self._made
        self._sweep_at = max(_FIRST_SWEEP, min(2 * len(self._counters), MOST_COUNTERS))


def _figures(limit: Limit, rate: Rate, tokens: int) -> tuple[int, int]:
    """What a call needs of this rate and what is allowed of it."""
    allowed = limit.allowed(rate)
    assert allowed is not None
    return (tokens if rate is Rate.TOKENS else 1), allowed


def _limited(counter: Counter, tokens: int, retry_after_ms: int) -> Limited:
    rate = counter.lacks(tokens)
    assert rate is not None
    used = {Rate.REQUESTS: counter.requests, Rate.TOKENS: counter.tokens, Rate.CONCURRENCY: counter.running}[rate]
    needed, allowed = _figures(counter.limit, rate, tokens)
    return Limited(
        limit=counter.limit,
        values=counter.values,
        rate=rate,
        used=used,
        needed=needed,
        allowed=allowed,
        retry_after_ms=retry_after_ms,
    )
