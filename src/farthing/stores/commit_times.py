"""How long the ledger's batches take: counts by length, kept by the thread that writes."""

from bisect import bisect_left

BOUNDS_SECONDS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 4.096)
_BOUNDS_NANOS = tuple(int(bound * 1e9) for bound in BOUNDS_SECONDS)


class CommitTimes:
    """One thread adds, any thread reads: numbers that belong together may be one batch apart."""

    __slots__ = ("counts", "nanos")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_SECONDS) + 1)
        """Batches up to each bound, and one more for the rest."""
        self.nanos = 0
        """All of them together."""

    def add(self, nanos: int) -> None:
        """One batch, decided and durable."""
        self.counts[bisect_left(_BOUNDS_NANOS, nanos)] += 1
        self.nanos += nanos
