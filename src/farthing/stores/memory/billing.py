"""Closed billing periods for as long as the process lives."""

import threading

from farthing.ports.billing import BillLine, ClosedPeriod
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.month_order import check_next


class MemoryPeriods:
    """`farthing.ports.billing.Periods` in memory. Any thread may call."""

    def __init__(self, directory: MemoryDirectory) -> None:
        """Who closed what is audited in the directory."""
        self._directory = directory
        self._lock = threading.Lock()
        self._periods: dict[str, tuple[ClosedPeriod, tuple[BillLine, ...]]] = {}

    def keep(self, period: ClosedPeriod, lines: tuple[BillLine, ...]) -> None:
        with self._lock:
            check_next(period.month, max(self._periods, default=None))
            self._periods[period.month] = period, lines
        self._directory.decided(period.by, "billing.close", period.month)

    def closed(self) -> tuple[ClosedPeriod, ...]:
        with self._lock:
            return tuple(self._periods[month][0] for month in sorted(self._periods))

    def told(self, month: str) -> tuple[BillLine, ...]:
        with self._lock:
            return self._periods[month][1] if month in self._periods else ()

    def close(self) -> None:
        """Nothing is open."""
