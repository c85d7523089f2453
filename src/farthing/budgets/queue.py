"""Who waits for money: first come, first served on each account, with a deadline for each."""

import heapq
from collections.abc import Iterable, Iterator, Mapping

from farthing.budgets.account import Account
from farthing.domain.budget import AccountKey
from farthing.domain.hold import Reserve


class Waiter:
    """One reserve in the queue. Times are milliseconds of a clock that never jumps."""

    __slots__ = ("accounts", "ask", "blocks", "deadline", "lacks", "place", "since")

    def __init__(self, ask: Reserve, accounts: tuple[AccountKey, ...], place: int, now: int) -> None:
        self.ask = ask
        self.accounts = accounts
        """The enforced accounts it touches."""
        self.place = place
        self.since = now
        self.deadline = now + ask.wait_ms
        self.lacks: frozenset[AccountKey] = frozenset()
        """Accounts without room for it when it was last looked at."""
        self.blocks: frozenset[AccountKey] = frozenset()
        """Accounts it keeps later calls from: those it lacks, or none while it is passed over."""


class _Line:
    """The waiters on one account, in order."""

    __slots__ = ("_first", "floors", "holders", "largest", "waiters")

    def __init__(self) -> None:
        self.waiters: dict[int, Waiter] = {}
        self.floors: dict[int, int] = {}
        """The least that each of them, by its place, would hold here."""
        self.largest = 0
        """The most that one of those who do not lack this account would hold here, when last looked at."""
        self.holders: dict[str, int] = {}
        """How many waiters each holder has that wait for this account and no other."""
        self._first: int | None = None
        """The place of the first waiter that blocks this account; None: to be looked up again."""

    def first(self, key: AccountKey) -> int:
        """The place from which on everybody waits; past all places if nobody blocks."""
        if self._first is None:
            self._first = next((place for place, waiter in self.waiters.items() if key in waiter.blocks), _NOBODY)
        return self._first

    def changed(self) -> None:
        self._first = None

    def count(self, holder: str, step: int) -> None:
        number = self.holders.get(holder, 0) + step
        if number:
            self.holders[holder] = number
        else:
            del self.holders[holder]


_NOBODY = 1 << 62


class Queue:
    """Waiters by attempt and by account. It orders; whether a waiter may go is decided by the book."""

    def __init__(self) -> None:
        self._waiters: dict[int, Waiter] = {}
        self._lines: dict[AccountKey, _Line] = {}
        self._deadlines: list[tuple[int, int, int]] = []
        self._places = 0

    def __len__(self) -> int:
        return len(self._waiters)

    def __contains__(self, key: AccountKey) -> bool:
        """Whether anybody waits on this account."""
        return key in self._lines

    def find(self, attempt: int) -> Waiter | None:
        return self._waiters.get(attempt)

    def accounts(self) -> Iterable[AccountKey]:
        return self._lines.keys()

    def join(self, ask: Reserve, floors: Mapping[AccountKey, int], now: int) -> Waiter:
        """Take the last place on each of these accounts; `floors` is the least that it would hold on each."""
        self._places += 1
        waiter = Waiter(ask, tuple(floors), self._places, now)
        self._waiters[ask.opening.id] = waiter
        heapq.heappush(self._deadlines, (waiter.deadline, waiter.place, ask.opening.id))
        for key, floor in floors.items():
            line = self._lines.setdefault(key, _Line())
            line.waiters[waiter.place] = waiter
            line.floors[waiter.place] = floor
        self._count(waiter, 1)
        return waiter

    def leave(self, waiter: Waiter) -> None:
        del self._waiters[waiter.ask.opening.id]
        self._count(waiter, -1)
        for key in waiter.accounts:
            line = self._lines[key]
            del line.waiters[waiter.place], line.floors[waiter.place]
            line.changed()
            if not line.waiters:
                del self._lines[key]

    def mark(
        self, waiter: Waiter, needs: Mapping[AccountKey, int], lacks: frozenset[AccountKey], *, passed_over: bool
    ) -> bool:
        """Note what a waiter needs and lacks. True when others may have to be looked at again."""
        for key in waiter.accounts:
            line = self._lines[key]
            line.largest = max(line.largest, needs[key])
        blocks = frozenset() if passed_over else lacks
        if lacks == waiter.lacks and blocks == waiter.blocks:
            return False
        self._count(waiter, -1)
        waiter.lacks, waiter.blocks = lacks, blocks
        self._count(waiter, 1)
        for key in waiter.accounts:
            self._lines[key].changed()
        return True

    def in_line(self, key: AccountKey) -> list[Waiter]:
        """Those who wait on this account, first come first. They are about to be looked at."""
        line = self._lines.get(key)
        if line is None:
            return []
        line.largest = 0
        return list(line.waiters.values())

    def hopeless(self, key: AccountKey, room: int) -> list[Waiter]:
        """Those who need more of this account than there will ever be."""
        line = self._lines.get(key)
        if line is None or max(line.floors.values()) <= room:
            return []
        return [waiter for place, waiter in line.waiters.items() if line.floors[place] > room]

    def may_lack(self, key: AccountKey, room: int) -> bool:
        """Whether, with this room left, somebody may have begun to lack an account that nobody lacked."""
        line = self._lines.get(key)
        return line is not None and line.largest > room and line.first(key) == _NOBODY

    def must_wait(self, accounts: Iterable[AccountKey], place: int = _NOBODY) -> bool:
        """Whether somebody with an earlier place lacks room on one of these accounts."""
        return any((line := self._lines.get(key)) is not None and line.first(key) < place for key in accounts)

    def others_have_less(self, account: Account, holder: str) -> bool:
        """Whether another holder waits for this account, and for no other, and has less of it than this holder."""
        line = self._lines.get(account.key)
        if line is None:
            return False
        mine = account.held_by.get(holder, 0)
        return any(other != holder and account.held_by.get(other, 0) < mine for other in line.holders)

    def overdue(self, now: int) -> Iterator[Waiter]:
        """Waiters whose deadline has passed; they stay until they leave."""
        while self._deadlines and self._deadlines[0][0] <= now:
            _, place, attempt = heapq.heappop(self._deadlines)
            waiter = self._waiters.get(attempt)
            if waiter is not None and waiter.place == place:
                yield waiter

    def next_deadline(self) -> int | None:
        """When the next waiter's time is over; may name one who has already left."""
        return self._deadlines[0][0] if self._deadlines and self._waiters else None

    def _count(self, waiter: Waiter, step: int) -> None:
        for key in waiter.accounts:
            if waiter.lacks <= {key}:
                self._lines[key].count(waiter.ask.holder, step)
