"""Outcomes: what runs came to in the eyes of whoever judges them, and what they cost beside models."""

from typing import Protocol

import msgspec


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one run came to. A later word on the same run replaces an earlier one; the audit keeps both."""

    run: str
    at_ms: int
    success: bool
    score: float | None = None
    """How well, from 0 to 1; None where nobody graded it."""
    by: str = ""
    """Who says so."""
    note: str = ""
    """A few words on why; never content."""


class OtherCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a run cost beside models: a paid tool, a search, a machine. Reported and billed, in no budget's account."""

    run: str
    at_ms: int
    kind: str
    """`tool`, `search`, `compute`, or a word of the reporter's own."""
    nanos: int
    """Nano-dollars, not negative."""
    by: str = ""
    note: str = ""
    once: str = ""
    """A word of the reporter's own: the same one on the same run is booked once. "" books every time."""


class Outcomes(Protocol):
    """Blocking: call off the event loop. Each change is durable and audited when its method returns. Raises LedgerUnavailable."""

    def judge(self, outcome: Outcome) -> None: ...

    def book(self, cost: OtherCost) -> bool:
        """False where this one was booked before (`once`), and nothing changed."""
        ...

    def of(self, run: str) -> tuple[Outcome | None, tuple[OtherCost, ...]]:
        """What is known of a run: its outcome, and its other costs in the order they were booked."""
        ...

    def close(self) -> None: ...
