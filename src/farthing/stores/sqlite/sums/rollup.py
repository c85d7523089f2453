"""Summing up the past: what is over and quiet, the newest first, a bounded piece at a time."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from farthing.domain.ids import ATTEMPTS, EPOCH_MS
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.sums.pages import pages, prompts_of
from farthing.stores.sqlite.sums.runs import RunTally
from farthing.stores.sqlite.sums.spans import DAY_MS, HOUR_MS, SLICE_MS, Horizon, Whole, whole_spans
from farthing.stores.sqlite.sums.tally import Explainer, pairs
from farthing.stores.sqlite.sums.write import Turn

QUIET_MS = 60_000
"""So long after its end a span is summed where nothing in it is open…"""
LATE_MS = 900_000
"""…and after this whatever is open: what ends later takes the sum back."""
CALLS = 2_500
"""A piece of work: spans are summed until they came to so many calls…"""
CELLS = 5
"""So many sums that are put together are as much work as one call."""
SPANS = 100
"""…or so many spans, most of them empty."""
_CHECKPOINT = "PRAGMA wal_autocheckpoint = 4000"
"""The same pages are written again and again: copied at every 16 MB of log, a quarter less goes to the disk."""

_FIRST = "SELECT arrived_ms FROM call ORDER BY id LIMIT 1"
_OPEN = (
    "SELECT 1 FROM call c WHERE c.id > ? AND c.id <= ? AND (c.outcome IS NULL OR EXISTS "  # noqa: S608 - a number
    f"(SELECT 1 FROM attempt a WHERE a.id BETWEEN c.id + 1 AND c.id + {ATTEMPTS} AND a.state < 2)) LIMIT 1"
)


class Piece(NamedTuple):
    """A span to be summed, from shorter ones (0: from its calls)."""

    length_ms: int
    start_ms: int
    shorter_ms: int


class Rollup:
    """Sums spans in the ledger's file, on a connection of its own. Any thread may call; several processes may at once."""

    def __init__(self, path: Path, *, now_ms: Callable[[], int], connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(_opened, path, connect))
        self._now_ms = now_ms
        self._at_work = threading.Lock()
        self._closing = False

    def step(self, explainer: Explainer) -> bool:
        """A bounded piece of what is over and not summed; False where nothing is left to do now."""
        with self._at_work:
            if self._closing:
                return False
            with self._handle.reading() as connection:
                horizon = Horizon.read(connection)
                whole = whole_spans(connection)
                first = connection.execute(_FIRST).fetchone()
            if first is None:
                return False
            first_ms = max(first[0] - horizon.slack_ms, EPOCH_MS) // DAY_MS * DAY_MS
            return self._sum_some(self._due(whole, first_ms), horizon, explainer)

    def _sum_some(self, due: Iterator[Piece], horizon: Horizon, explainer: Explainer) -> bool:
        calls = spans = 0
        for piece in due:
            if calls >= CALLS or spans >= SPANS or self._closing:
                return True
            if self._is_quiet(piece, horizon):
                calls += self._sum(piece, explainer)
                spans += 1
        return spans > 0

    def close(self) -> None:
        """Once the piece that somebody is at is done."""
        self._closing = True
        with self._at_work:
            self._handle.close()

    def _due(self, whole: Whole, first_ms: int) -> Iterator[Piece]:
        """What is over and not summed: slices of this hour and the one before, then hours, then days; the newest first."""
        now_ms = self._now_ms() - QUIET_MS
        hour_ms = now_ms // HOUR_MS * HOUR_MS
        for start_ms in range(
            now_ms // SLICE_MS * SLICE_MS - SLICE_MS, max(hour_ms - HOUR_MS, first_ms) - 1, -SLICE_MS
        ):
            in_hour = HOUR_MS in whole.get(start_ms // HOUR_MS * HOUR_MS, ())
            if not in_hour and SLICE_MS not in whole.get(start_ms, ()):
                yield Piece(SLICE_MS, start_ms, 0)
        for start_ms in range(hour_ms - HOUR_MS, first_ms - 1, -HOUR_MS):
            if HOUR_MS not in whole.get(start_ms, ()):
                if _all_whole(whole, SLICE_MS, range(start_ms, start_ms + HOUR_MS, SLICE_MS)):
                    yield Piece(HOUR_MS, start_ms, SLICE_MS)
                elif self._now_ms() - start_ms - HOUR_MS >= LATE_MS:
                    yield Piece(HOUR_MS, start_ms, 0)
        for start_ms in range(now_ms // DAY_MS * DAY_MS - DAY_MS, first_ms - 1, -DAY_MS):
            hours = range(start_ms, start_ms + DAY_MS, HOUR_MS)
            if DAY_MS not in whole.get(start_ms, ()) and _all_whole(whole, HOUR_MS, hours):
                yield Piece(DAY_MS, start_ms, HOUR_MS)

    def _is_quiet(self, piece: Piece, horizon: Horizon) -> bool:
        end_ms = piece.start_ms + piece.length_ms
        if piece.shorter_ms or self._now_ms() - end_ms >= LATE_MS:
            return True
        with self._handle.reading() as connection:
            return connection.execute(_OPEN, horizon.ids(piece.start_ms, end_ms)).fetchone() is None

    def _sum(self, piece: Piece, explainer: Explainer) -> int:
        """Sum one span; how much work it was, in calls."""
        turn = Turn(self._handle, piece.length_ms, piece.start_ms)
        if piece.shorter_ms:
            turn.from_shorter(piece.shorter_ms)
            return CALLS // 10 + turn.cells_read // CELLS
        tally = RunTally()
        read = 0
        for rows in pages(self._handle.reading, turn.horizon, turn.start_ms, turn.end_ms):
            read += len(rows)
            for pair in pairs(rows, explainer):
                tally.add(pair)
            tally.learn(partial(prompts_of, self._handle.reading))
        turn.from_calls(tally.groups(piece.start_ms), tally.parts())
        return read


def _all_whole(whole: Whole, length_ms: int, starts: range) -> bool:
    return all(length_ms in whole.get(start_ms, ()) for start_ms in starts)


def _opened(path: Path, connect: Connect) -> sqlite3.Connection:
    """Sums can be made again, so none of them waits for the disk; the ledger's own next commit makes them durable."""
    connection = open_database(path, connect=connect)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_CHECKPOINT)
    return connection
