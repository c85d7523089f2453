"""An event loop whose time is made up: whoever waits is woken at once, in the right order, at the moment waited for.

Nothing in it may wait for a thread, a socket or a child: it has none, and such a wait would never end.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from math import ceil
from typing import Any, TypeVar

T = TypeVar("T")

_RESOLUTION_SECONDS = 1e-4
"""Less than the millisecond in which the clock moves, and more than rounding can amount to in a century."""


class StandStill(RuntimeError):
    """Everybody waits and nobody will ever be woken: a mistake of ours."""


class _NoWaiting(selectors.SelectSelector):
    """Instead of waiting, it moves the clock on."""

    def __init__(self, start_ms: int) -> None:
        super().__init__()
        self.now_ms = start_ms

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StandStill("every call waits for something that will not happen")
        if timeout > 0:  # never by less than a millisecond: rounding must not make it stand still
            self.now_ms += max(1, ceil(timeout * 1_000 - 1e-6))
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Milliseconds since 1970 are its clock; `time` counts seconds from its start, so that a millisecond is always exact."""

    def __init__(self, start_ms: int) -> None:
        self._start_ms = start_ms
        self._still = _NoWaiting(start_ms)
        super().__init__(self._still)
        # asyncio wakes what is due within this; its own nanosecond is less than a float has left after some months
        self._clock_resolution = _RESOLUTION_SECONDS

    def now_ms(self) -> int:
        return self._still.now_ms

    def time(self) -> float:
        return (self._still.now_ms - self._start_ms) / 1_000

    async def until(self, at_ms: int) -> None:
        """Return at this moment; at once where it is over."""
        if at_ms <= self._still.now_ms:
            return
        woken = self.create_future()
        self.call_at((at_ms - self._start_ms) / 1_000, _wake, woken)
        await woken


def run_from(start_ms: int, make: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run `make(loop)`, a coroutine function, to its end in a loop that starts at this moment; what it returns."""
    loop = VirtualLoop(start_ms)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(make(loop))


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
