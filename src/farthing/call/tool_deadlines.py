"""Uses of tools whose money is held for a program elsewhere: each has a deadline, after which it is presumed lost.

Whoever holds money in another process may die without a word. Then nobody knows whether the tool ran: at its deadline the
hold becomes unknown, counts as spent, and is charged by policy like any other unknown outcome. It is never given back.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from farthing.call.desk import Desk, Timer
from farthing.call.tool_money import Paying, lose

MOST_OF_A_KEY = 1_000
MOST = 10_000
"""Uses held at one time, of one key and in all: each is a row and a timer."""


Word = tuple[str, str]
"""Whose it is, and what that program calls a use: unique before the use has an id, and while its answer is on the way."""


class HeldUse(NamedTuple):
    """A use whose end nobody has told yet."""

    paying: Paying
    key: str
    """Whose it is."""
    expires_ms: int
    timer: Timer
    word: Word = ("", "")


class ToolDeadlines:
    """The uses that this process holds. What is not here any more is in the records."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._held: dict[int, HeldUse] = {}
        self._called: dict[Word, int] = {}
        self._asking: dict[Word, list[Callable[[], None]]] = {}
        self._places: Counter[str] = Counter()
        self._swept_ms = 0

    def enter(self, key: str) -> bool:
        """Take a place before money is asked for; False where there is none. `keep` fills it, or `leave` gives it back."""
        if self._places[key] >= MOST_OF_A_KEY or self._places.total() >= MOST:
            return False
        self._places[key] += 1
        return True

    def leave(self, key: str) -> None:
        """Give a place back."""
        self._places[key] -= 1
        if not self._places[key]:
            del self._places[key]

    @contextmanager
    def asking(self, word: Word, leave: Callable[[], None]) -> Iterator[None]:
        """Money is asked for under this word; `leave` is called where it is withdrawn meanwhile."""
        self._asking.setdefault(word, []).append(leave)
        try:
            yield
        finally:
            self._asking[word].remove(leave)
            if not self._asking[word]:
                del self._asking[word]

    def withdraw(self, word: Word) -> HeldUse | bool:
        """Whoever asked under this word has left: the use, to be voided, where its money was just held; else whether
        somebody still asked, who leaves now."""
        for leave in tuple(self._asking.get(word, ())):
            leave()
        held = self.end(self._called[word]) if word in self._called else None
        return word in self._asking if held is None else held

    def keep(self, paying: Paying, key: str, seconds: float, word: Word = ("", "")) -> HeldUse:
        """Hold it for so long at most, in the place that was taken."""
        expires_ms = self._desk.now_ms() + int(seconds * 1_000)
        timer = self._desk.later(seconds, lambda: self._expire(paying.call, seconds))
        held = self._held[paying.call] = HeldUse(paying, key, expires_ms, timer, word)
        self._called[word] = paying.call
        return held

    def of(self, call: int) -> HeldUse | None:
        return self._held.get(call)

    def end(self, call: int) -> HeldUse | None:
        """Whoever asks brings it to its end now; None where it has ended, or is held by another process."""
        held = self._held.pop(call, None)
        if held is not None:
            held.timer.cancel()
            self._called.pop(held.word, None)
            self.leave(held.key)
        return held

    def is_time(self, now_ms: int, every_ms: int) -> bool:
        """Whether what is kept of uses is to be swept: once in so long, and not again for whoever asks next."""
        due = now_ms >= self._swept_ms + every_ms
        if due:
            self._swept_ms = now_ms
        return due

    def _expire(self, call: int, seconds: float) -> None:
        held = self.end(call)
        if held is not None:
            lose(self._desk, held.paying, f"nobody said within {seconds:g} s what the tool cost")
