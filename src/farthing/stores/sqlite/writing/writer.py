"""One thread that turns what was queued into batches: group commit without a timer."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

RIDE_SECONDS = 0.003
"""How long work that nobody waits for stays back, so that it rides with the next batch somebody waits for."""
MOST_AT_ONCE = 128
"""What is queued before is durable after one such batch (2 ms of work) and one fsync, however much is queued behind."""


class Writer(Generic[Item]):
    """Calls `turn` with what was queued since the last turn, at once when somebody waits for something in it.

    Work that nobody waits for comes first in a batch, each kind in its own order; whatever somebody waits for is never in
    an earlier batch than what was queued before it. `turn` is told how long to sleep at most by its own answer (seconds).
    It must not raise.
    """

    def __init__(self, turn: Callable[[list[Item]], float], name: str) -> None:
        self._turn = turn
        self._awaited: deque[Item] = deque()
        self._later: deque[Item] = deque()
        self._bell = threading.Lock()  # locked while nobody rang
        self._bell.acquire()
        self._rung = False
        self._urgent = False
        self._riding = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> None:
        """Somebody waits for this."""
        self._awaited.append(item)
        self._urgent = True
        if not self._rung:
            self._ring()

    def submit_later(self, item: Item) -> None:
        """Nobody waits for this: it rides with the next batch, or goes alone after `RIDE_SECONDS`."""
        self._later.append(item)
        if not (self._riding or self._rung):
            self._riding = True
            self._ring()

    def stop(self) -> None:
        """Finish what is queued and end the thread. Safe to call twice."""
        self._stopping = self._urgent = True
        self._ring()
        self._thread.join()

    def _ring(self) -> None:
        self._rung = True
        try:
            self._bell.release()
        except RuntimeError:  # somebody else rang at the same moment
            return

    def _run(self) -> None:
        pause = 0.0
        while True:
            self._bell.acquire(timeout=pause)
            self._rung = False
            if self._later and not self._urgent:
                self._bell.acquire(timeout=RIDE_SECONDS)
            self._rung = self._urgent = self._riding = False
            pause = self._turn(self._drain())
            if self._later or self._awaited:
                pause = 0.0
            elif self._stopping:
                return

    def _drain(self) -> list[Item]:
        """What nobody waits for first: it frees money for those who wait. How many wait is counted before it is looked
        at, so that nothing queued before one of them is left behind."""
        waiting = len(self._awaited)
        batch = _first(self._later, MOST_AT_ONCE)
        return batch + _first(self._awaited, min(waiting, MOST_AT_ONCE - len(batch)))


def _first(queue: deque[Item], most: int) -> list[Item]:
    take = queue.popleft
    return [take() for _ in range(min(len(queue), most))]
