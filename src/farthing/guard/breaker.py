"""A circuit breaker: closed → open → half-open, as frozen states; and a bounded register of many of them."""

from typing import assert_never

import msgspec

MOST_BREAKERS = 16_384
_MOST_GROWTHS = 32


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """How long a breaker stays open."""

    open_for_ms: int | None = 30_000
    """The first time. None: until somebody resets it."""
    growth: int = 2
    """Each time it opens again soon after, it stays open so many times longer."""
    most_ms: int = 900_000
    forget_ms: int = 3_600_000
    """Closed for so long, it begins at `open_for_ms` again."""

    def open_ms(self, trips: int) -> int | None:
        """How long it stays open for the `trips`-th time in a row; the first is 1."""
        if self.open_for_ms is None:
            return None
        open_ms = self.open_for_ms
        for _ in range(min(trips - 1, _MOST_GROWTHS)):
            open_ms *= self.growth
        return min(open_ms, self.most_ms)


class Closed(msgspec.Struct, frozen=True):
    """All calls pass."""

    trips: int = 0
    """How often it has opened lately."""
    since_ms: int = 0


class Open(msgspec.Struct, frozen=True):
    """No call passes until `until_ms`; None: until somebody resets it."""

    trips: int
    since_ms: int
    until_ms: int | None
    why: str


class HalfOpen(msgspec.Struct, frozen=True):
    """One call passes to see. `probe_until_ms` is when it is given up for lost, None where no probe is out."""

    trips: int
    since_ms: int
    probe_until_ms: int | None
    why: str


Breaker = Closed | Open | HalfOpen
Subject = tuple[str, ...]
"""Who or what a breaker is for, like `(provider, model)` or a session's name."""


class Through(msgspec.Struct, frozen=True):
    """The call may go. A `probe` must be answered for: `succeed`, `trip` or `give_back`."""

    probe: bool = False


class Barred(msgspec.Struct, frozen=True):
    """The call may not go before `until_ms`; None: not before somebody resets the breaker."""

    until_ms: int | None
    why: str


THROUGH = Through()
CLOSED = Closed()


def ask(breaker: Breaker, rules: Rules, now_ms: int) -> tuple[Breaker, Through | Barred]:
    """May a call go? An open breaker whose time is over becomes half-open and this call its probe.

    A probe that nobody answers for is given up after as long as the breaker was open, and the next call is one.
    """
    match breaker:
        case Closed():
            return breaker, THROUGH
        case Open(until_ms=until_ms):
            over = until_ms is not None and now_ms >= until_ms
        case HalfOpen(probe_until_ms=until_ms):
            over = until_ms is None or now_ms >= until_ms
        case _:
            assert_never(breaker)
    if not over:
        return breaker, Barred(until_ms, breaker.why)
    probe_until_ms = now_ms + (rules.open_ms(breaker.trips) or rules.most_ms)
    return HalfOpen(breaker.trips, breaker.since_ms, probe_until_ms, breaker.why), Through(probe=True)


def trip(breaker: Breaker, rules: Rules, now_ms: int, why: str) -> Breaker:
    """Open it. One that is open stays as it is: calls that left before it opened tell nothing new."""
    match breaker:
        case Open():
            return breaker
        case Closed(trips=trips, since_ms=since_ms):
            trips = 1 if now_ms - since_ms >= rules.forget_ms else trips + 1
        case HalfOpen(trips=trips):
            trips += 1
        case _:
            assert_never(breaker)
    open_ms = rules.open_ms(trips)
    return Open(trips, now_ms, None if open_ms is None else now_ms + open_ms, why)


def succeed(breaker: Breaker, now_ms: int) -> Breaker:
    """A probe came back well: close it. Anywhere else a success changes nothing."""
    return Closed(breaker.trips, now_ms) if isinstance(breaker, HalfOpen) else breaker


def give_back(breaker: Breaker) -> Breaker:
    """A probe ended and told nothing (never sent, the client left): the next call is one."""
    if isinstance(breaker, HalfOpen):
        return HalfOpen(breaker.trips, breaker.since_ms, None, breaker.why)
    return breaker


class Breakers:
    """Breakers by subject. One that was never tripped takes no room; beyond `most` the longest unchanged are forgotten."""

    __slots__ = ("_kept", "_most", "rules")

    def __init__(self, rules: Rules, most: int = MOST_BREAKERS) -> None:
        self.rules = rules
        self._kept: dict[Subject, Breaker] = {}
        self._most = most

    def get(self, subject: Subject) -> Breaker:
        return self._kept.get(subject, CLOSED)

    def ask(self, subject: Subject, now_ms: int) -> Through | Barred:
        """May a call of this subject go?"""
        breaker = self._kept.get(subject)
        if breaker is None:
            return THROUGH
        changed, answer = ask(breaker, self.rules, now_ms)
        self._keep(subject, breaker, changed)
        return answer

    def trip(self, subject: Subject, now_ms: int, why: str) -> Breaker:
        """Open it, and say how it stands now."""
        breaker = self.get(subject)
        return self._keep(subject, breaker, trip(breaker, self.rules, now_ms, why))

    def succeed(self, subject: Subject, now_ms: int) -> Breaker:
        breaker = self.get(subject)
        return self._keep(subject, breaker, succeed(breaker, now_ms))

    def give_back(self, subject: Subject) -> None:
        breaker = self.get(subject)
        self._keep(subject, breaker, give_back(breaker))

    def reset(self, subject: Subject) -> bool:
        """Close it and forget its past. False where it was closed already."""
        return not isinstance(self._kept.pop(subject, CLOSED), Closed)

    def not_closed(self) -> tuple[tuple[Subject, Open | HalfOpen], ...]:
        """Those that are open or half-open, the longest unchanged first."""
        return tuple((subject, state) for subject, state in self._kept.items() if not isinstance(state, Closed))

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, subject: Subject, before: Breaker, after: Breaker) -> Breaker:
        if after is before:
            return after
        self._kept.pop(subject, None)
        if len(self._kept) >= self._most:
            del self._kept[self._unimportant()]
        self._kept[subject] = after
        return after

    def _unimportant(self) -> Subject:
        """The one to forget: the longest unchanged of those that are closed, else of all."""
        first_closed = next((subject for subject, state in self._kept.items() if isinstance(state, Closed)), None)
        return next(iter(self._kept)) if first_closed is None else first_closed
