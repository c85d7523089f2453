"""How far the past is summed, and whether too much of it is left to be read from its calls while somebody waits."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from farthing.domain.errors import PastUnsummed
from farthing.domain.ids import EPOCH_MS
from farthing.ports.history import Summing
from farthing.stores.sqlite.sums.pages import Reading
from farthing.stores.sqlite.sums.spans import DAY_MS, HOUR_MS, Horizon, Whole, whole_spans

DUE_MS = HOUR_MS + 960_000
"""What arrived so long ago is summed, or is left to be: its hour is over, whatever in it was open was waited for (`rollup`),
and somebody had a minute to sum it."""

_FIRST = "SELECT arrived_ms FROM call ORDER BY id LIMIT 1"
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM call WHERE id > ? AND id <= ? LIMIT ?)"
_HINT = "ask about less time, or again in a while"

Gap = tuple[int, int]


class Patience(NamedTuple):
    """How many calls of the past an answer may read because they are not summed."""

    calls: int
    now_ms: Callable[[], int]

    def check(self, reading: Reading, horizon: Horizon, gaps: Sequence[Gap], since_ms: int) -> None:
        """Raises PastUnsummed where these gaps, in what should be summed by now, have more calls."""
        if left(reading, horizon, due(gaps, self.now_ms()), self.calls + 1) > self.calls:
            with reading() as connection:
                told = summing(connection, self.now_ms())
            raise PastUnsummed(f"{told}; {_reach(told, since_ms)}: {_HINT}")


def due(gaps: Sequence[Gap], now_ms: int) -> list[Gap]:
    """The parts of these gaps that should be summed by now."""
    until_ms = now_ms - DUE_MS
    return [(since_ms, min(end_ms, until_ms)) for since_ms, end_ms in gaps if since_ms < until_ms]


def left(reading: Reading, horizon: Horizon, gaps: Sequence[Gap], most: int) -> int:
    """How many calls arrived in these gaps, or a little before and after; `most` at most."""
    found = 0
    for since_ms, until_ms in reversed(gaps):
        if found >= most:
            break
        with reading() as connection:
            low, high = horizon.ids(since_ms, until_ms)
            found += connection.execute(_COUNT, (low, high, most - found)).fetchone()[0]
    return found


def summing(connection: sqlite3.Connection, now_ms: int, after_ms: int = 0) -> Summing:
    """How far the past is summed, of what arrived after a moment and should be summed by now."""
    first = connection.execute(_FIRST).fetchone()
    until_ms = (now_ms - DUE_MS) // HOUR_MS * HOUR_MS
    if first is None or max(first[0], after_ms) >= until_ms:
        return Summing(hours=0, summed_hours=0, days=0, summed_days=0, since_ms=until_ms)
    since_ms = max(first[0], after_ms, EPOCH_MS) // HOUR_MS * HOUR_MS
    whole = whole_spans(connection)
    missing = [at_ms for at_ms in range(since_ms, until_ms, HOUR_MS) if not is_whole(whole, at_ms)]
    days = (until_ms - 1) // DAY_MS - since_ms // DAY_MS + 1
    hours = (until_ms - since_ms) // HOUR_MS
    return Summing(
        hours=hours,
        summed_hours=hours - len(missing),
        days=days,
        summed_days=days - len({at_ms // DAY_MS for at_ms in missing}),
        since_ms=missing[-1] + HOUR_MS if missing else since_ms,
    )


def is_whole(whole: Whole, hour_ms: int) -> bool:
    return HOUR_MS in whole.get(hour_ms, ())


def _reach(told: Summing, since_ms: int) -> str:
    if told.since_ms <= since_ms:
        return "something that was summed has changed and is summed again"
    return f"answers reach back to {datetime.fromtimestamp(told.since_ms // 1_000, UTC):%Y-%m-%dT%H:%MZ}"
