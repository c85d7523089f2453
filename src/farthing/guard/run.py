"""One run as a frozen record of facts, and the phase of its life that follows from them."""

from enum import StrEnum

import msgspec

MOST_LANDINGS = 64
"""Agents of one run that can have a landing."""


class Phase(StrEnum):
    """Where a run is in its life."""

    STARTED = "started"
    """Announced; it has not called yet."""
    ACTIVE = "active"
    IDLE = "idle"
    """No call for `idle_after`. Nothing is refused; its landing hold is freed."""
    ORPHANED = "orphaned"
    """Its owner stopped without a word. Calls are refused and reported."""
    LANDED = "landed"
    """One of its agents had its last, funded call."""
    ENDED = "ended"


class LifeRules(msgspec.Struct, frozen=True, kw_only=True):
    """When silence means something."""

    idle_after_ms: int = 900_000
    missed_beats: int = 3
    """Promised heartbeats that may fail to come before the owner counts as gone."""
    orphan_after_ms: int | None = None
    """Instead: how long a promised heartbeat may be overdue."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one run. Its phase is never stored: it follows from these and the time."""

    name: str
    owner: str = ""
    """The name of the key that announced it or called first; "" without keys."""
    started_ms: int
    called_ms: int | None = None
    """When a call last began or ended; None before the first."""
    in_flight: int = 0
    """Calls that have begun and not ended."""
    parent: str = ""
    """The run that started it."""
    beat_ms: int = 0
    beat_every_ms: int | None = None
    """What its owner promised; None: no heartbeat was promised."""
    landed: tuple[str, ...] = ()
    """Agents that have landed; "" is the run without an agent."""
    ended_ms: int | None = None
    gone: bool = False
    """The process that announced it is known to be no more: no beat has to be missed first."""

    def silent(self, rules: LifeRules, now_ms: int, heard_since_ms: int = 0) -> bool:
        """A heartbeat was promised, and too many have failed to come since somebody listens."""
        every_ms = self.beat_every_ms
        if every_ms is None:
            return False
        after_ms = rules.orphan_after_ms
        patience_ms = every_ms * rules.missed_beats if after_ms is None else every_ms + after_ms
        return now_ms - max(self.beat_ms, heard_since_ms) > patience_ms

    def phase(self, rules: LifeRules, now_ms: int, *, orphaned: bool) -> Phase:
        """Its phase; `orphaned` is what the register knows of its owner."""
        if self.ended_ms is not None:
            return Phase.ENDED
        if orphaned:
            return Phase.ORPHANED
        if self.landed:
            return Phase.LANDED
        if self.called_ms is None:
            return Phase.STARTED
        quiet = not self.in_flight and now_ms - self.called_ms >= rules.idle_after_ms
        return Phase.IDLE if quiet else Phase.ACTIVE
