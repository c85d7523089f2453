"""Clocks: the provider's own time in milliseconds, real or moved by hand."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Gives the present moment in milliseconds since 1970."""


def system_clock() -> int:
    return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is told to move. Milliseconds since 1970; never goes back."""

    __slots__ = ("_now_ms",)

    def __init__(self, now_ms: int = 1_767_225_600_000) -> None:
        """Starts at 2026-01-01 UTC unless told otherwise."""
        self._now_ms = now_ms

    def __call__(self) -> int:
        return self._now_ms

    def advance(self, *, ms: int = 0, seconds: int = 0, minutes: int = 0, hours: int = 0) -> int:
        """Move on by the sum of these; returns the new moment. Raises ValueError for a negative step."""
        step = ms + 1_000 * (seconds + 60 * (minutes + 60 * hours))
        if step < 0:
            raise ValueError("a clock does not go back")
        self._now_ms += step
        return self._now_ms
