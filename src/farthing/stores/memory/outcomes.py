"""Outcomes and other costs for as long as the process lives."""

import threading

from farthing.ports.outcomes import OtherCost, Outcome
from farthing.stores.memory.directory import MemoryDirectory

Known = tuple[Outcome | None, tuple[OtherCost, ...]]


class MemoryOutcomes:
    """`farthing.ports.outcomes.Outcomes` in memory. Any thread may call."""

    def __init__(self, directory: MemoryDirectory) -> None:
        """Who said what is audited in the directory."""
        self._directory = directory
        self._lock = threading.Lock()
        self._outcomes: dict[str, Outcome] = {}
        self._costs: dict[str, list[OtherCost]] = {}

    def judge(self, outcome: Outcome) -> None:
        with self._lock:
            self._outcomes[outcome.run] = outcome
        self._directory.decided(outcome.by, "outcome.judge", outcome.run)

    def book(self, cost: OtherCost) -> bool:
        with self._lock:
            booked = self._costs.setdefault(cost.run, [])
            if cost.once and any(other.once == cost.once for other in booked):
                return False
            booked.append(cost)
        self._directory.decided(cost.by, "outcome.book", cost.run)
        return True

    def of(self, run: str) -> Known:
        with self._lock:
            return self._outcomes.get(run), tuple(self._costs.get(run, ()))

    def booked(self, since_ms: int, until_ms: int) -> tuple[OtherCost, ...]:
        """What was booked in that time, of all runs; without notes, which cost nothing."""
        with self._lock:
            every = [cost for costs in self._costs.values() for cost in costs if cost.nanos]
        return tuple(cost for cost in every if since_ms <= cost.at_ms < until_ms)

    def close(self) -> None:
        """Nothing is open."""
