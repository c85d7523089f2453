"""The rows that cost most."""

from collections.abc import Iterable
from heapq import nsmallest

from farthing.ports.records import UsageRow


def dearest_rows(rows: Iterable[UsageRow], limit: int) -> tuple[UsageRow, ...]:
    """So many at most, the dearest first; of equals the first by group."""
    return tuple(nsmallest(limit, rows, key=lambda row: (-row.cost_nanos, row.group)))
