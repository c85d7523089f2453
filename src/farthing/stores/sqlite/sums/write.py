"""Writing the sums of one span, in transactions so short that no call has to wait for them.

A span is summed in a *turn*: its number is noted, then its calls are read, then its sums are written piece by piece, and with
the last piece the span becomes whole. Whoever changes one of its calls meanwhile moves its turn on, and the sums are
dropped. Nobody reads the sums of a span that is not whole.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.sums.names import Names
from farthing.stores.sqlite.sums.runs import Part, read_part, together, write_part
from farthing.stores.sqlite.sums.spans import DAY_MS, HOUR_MS, SLICE_MS, Horizon
from farthing.stores.sqlite.sums.tally import COST, SUMS, Tally, added

ROWS = 1_000
"""Rows written in one transaction: a few milliseconds."""
FAMILIES = ALL, NARROW, WHO, ONE = range(4)
"""The families of cells: of everything, by all narrow labels, by all labels, by each narrow label."""

_TURN = (
    "INSERT INTO span (length_ms, start_ms, whole, turn) VALUES (?, ?, 0, 1) "
    "ON CONFLICT DO UPDATE SET whole = 0, turn = turn + 1 RETURNING turn"
)
_NO_SLICES = (
    f"UPDATE span SET whole = 0, turn = turn + 1 WHERE length_ms = {SLICE_MS} AND start_ms >= ? AND start_ms < ?"  # noqa: S608
)
_HORIZON = "UPDATE horizon SET summed_ms = max(summed_ms, ?), summed_id = max(summed_id, ?)"
_STILL = "SELECT 1 FROM span WHERE length_ms = ? AND start_ms = ? AND turn = ?"
_WHOLE = "UPDATE span SET whole = 1 WHERE length_ms = ? AND start_ms = ?"
_COUNT = "SELECT count(*) FROM span WHERE length_ms = ? AND start_ms >= ? AND start_ms < ? AND whole = 1"
_DROP_SPANS = "DELETE FROM span WHERE length_ms = ? AND start_ms >= ? AND start_ms < ?"
_DROP_PARTS = "DELETE FROM run_part WHERE length_ms = ? AND start_ms >= ? AND start_ms < ?"
_OF_FAMILY = (
    "family = ?1 AND length_ms = ?2 AND start_ms >= ?3 AND start_ms < ?4 "
    "AND narrow IN (SELECT 0 WHERE ?1 = 0 UNION ALL SELECT id FROM who WHERE narrow = id AND ?1 > 0)"
)
_DROP_CELLS = f"DELETE FROM cell WHERE {_OF_FAMILY}"  # noqa: S608
_CELLS = f"SELECT family, narrow, who, what, {', '.join(SUMS)} FROM cell WHERE {_OF_FAMILY}"  # noqa: S608
_PARTS = "SELECT run, part FROM run_part WHERE length_ms = ? AND start_ms >= ? AND start_ms < ?"
_RUNS = "SELECT run FROM run_part WHERE length_ms = ? AND start_ms >= ? AND start_ms < ?"
_ADD_CELL = f"INSERT INTO cell VALUES (?, ?, ?, ?, ?, ?, {', '.join('?' * len(SUMS))})"  # noqa: S608
_ADD_PART = "INSERT INTO run_part VALUES (?, ?, ?, ?)"
_OF_RUN = (
    "SELECT p.part FROM run_part p JOIN span s USING (length_ms, start_ms) "
    "WHERE p.run = ? AND (s.whole = 1 OR (length_ms = ? AND start_ms = ?))"
)
_TOTAL = "INSERT OR REPLACE INTO run_total VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NO_TOTAL = "DELETE FROM run_total WHERE run = ?"

Place = tuple[int, int, int, int]
"""Family, narrow, who and what of a cell."""
Cells = dict[Place, tuple[int, ...]]
Parts = dict[str, Part]
Write = Callable[[sqlite3.Connection], None]
_Item = TypeVar("_Item")


class Turn:
    """One attempt to sum one span. Begin it before reading any of its calls."""

    def __init__(self, handle: Handle, length_ms: int, start_ms: int) -> None:
        self.length_ms, self.start_ms, self.end_ms = length_ms, start_ms, start_ms + length_ms
        self._handle = handle
        with handle.changing() as connection:
            self.horizon = Horizon.read(connection)  # as it stands now: whoever widens it later moves this turn on
            connection.execute(_HORIZON, (self.end_ms, self.horizon.ids(start_ms, self.end_ms)[1]))
            (self._turn,) = connection.execute(_TURN, (length_ms, start_ms)).fetchone()

    def from_calls(self, tally: Tally, parts: Parts) -> bool:
        """Write what was summed from the calls themselves. False, and nothing is summed, where one of them changed
        meanwhile or somebody else sums them too."""
        if self.length_ms > SLICE_MS and not self._do(self._doubt_slices):
            return False
        cells = self._numbered(tally)
        totals = [partial(self._write_totals, list(some)) for some in _some(self._runs() | parts.keys())]
        return self._write(cells, parts, totals)

    def from_shorter(self, length_ms: int) -> bool:
        """Write what whole spans of this length come to together; as `from_calls`."""
        with self._handle.reading() as connection:
            (whole,) = connection.execute(_COUNT, (length_ms, self.start_ms, self.end_ms)).fetchone()
            if whole * length_ms != self.length_ms:
                return False
            cells = self._read_cells(connection, length_ms)
            parts = self._read_parts(connection, length_ms) if self.length_ms < DAY_MS else {}
        return self._write(cells, parts, [])

    def _write(self, cells: Cells, parts: Parts, totals: Sequence[Write]) -> bool:
        writes: list[Write] = [
            self._clear,
            *(partial(self._add_cells, some) for some in _some(cells.items())),
            *(partial(self._add_parts, some) for some in _some(parts.items())),
            *totals,
            self._finish,
        ]
        return all(self._do(write) for write in writes)

    def _do(self, write: Write) -> bool:
        with self._handle.changing() as connection:
            still = connection.execute(_STILL, (self.length_ms, self.start_ms, self._turn)).fetchone()
            if still:
                write(connection)
        return still is not None

    def _clear(self, connection: sqlite3.Connection) -> None:
        """What an earlier turn left."""
        if self._turn > 1:
            self._drop(connection, self.length_ms)

    def _finish(self, connection: sqlite3.Connection) -> None:
        connection.execute(_WHOLE, (self.length_ms, self.start_ms))
        if self.length_ms == HOUR_MS:
            dropped = connection.execute(_DROP_SPANS, (SLICE_MS, self.start_ms, self.end_ms)).rowcount
            if dropped:
                self._drop(connection, SLICE_MS)

    def _drop(self, connection: sqlite3.Connection, length_ms: int) -> None:
        for family in FAMILIES:
            connection.execute(_DROP_CELLS, (family, length_ms, self.start_ms, self.end_ms))
        connection.execute(_DROP_PARTS, (length_ms, self.start_ms, self.end_ms))

    def _doubt_slices(self, connection: sqlite3.Connection) -> None:
        """From here on nobody reads the slices of this hour: its runs may be summed anew."""
        connection.execute(_NO_SLICES, (self.start_ms, self.end_ms))

    def _numbered(self, tally: Tally) -> Cells:
        cells: Cells = {}
        for some in _some(tally.groups.items()):
            with self._handle.changing() as connection:
                names = Names(connection)
                for (_, key, labels, what), sums in some:
                    who, narrow = names.who(key, labels)
                    number = names.what(what)
                    ones = ((ONE, one, 0, number) for one in names.ones(narrow))
                    for place in ((ALL, 0, 0, number), (NARROW, narrow, 0, number), (WHO, narrow, who, number), *ones):
                        cells[place] = added(cells.get(place), sums)
        return cells

    def _read_cells(self, connection: sqlite3.Connection, length_ms: int) -> Cells:
        cells: Cells = {}
        for family in FAMILIES:
            for row in connection.execute(_CELLS, (family, length_ms, self.start_ms, self.end_ms)):
                cells[row[:4]] = added(cells.get(row[:4]), row[4:])
        return cells

    def _read_parts(self, connection: sqlite3.Connection, length_ms: int) -> Parts:
        found: dict[str, list[Part]] = {}
        for run, part in connection.execute(_PARTS, (length_ms, self.start_ms, self.end_ms)):
            found.setdefault(run, []).append(read_part(part))
        return {run: together(some) for run, some in found.items()}

    def _runs(self) -> set[str]:
        """Those that had a part in this span, or in one that it takes the place of."""
        with self._handle.reading() as connection:
            lengths = (self.length_ms, SLICE_MS)
            rows = (connection.execute(_RUNS, (each, self.start_ms, self.end_ms)) for each in lengths)
            return {run for some in rows for (run,) in some}

    def _add_cells(self, cells: Sequence[tuple[Place, tuple[int, ...]]], connection: sqlite3.Connection) -> None:
        rows = (
            (family, self.length_ms, narrow, self.start_ms, who, what, *sums)
            for (family, narrow, who, what), sums in cells
        )
        connection.executemany(_ADD_CELL, rows)

    def _add_parts(self, parts: Sequence[tuple[str, Part]], connection: sqlite3.Connection) -> None:
        rows = ((self.length_ms, self.start_ms, run, write_part(part)) for run, part in parts)
        connection.executemany(_ADD_PART, rows)

    def _write_totals(self, runs: Sequence[str], connection: sqlite3.Connection) -> None:
        names = Names(connection)
        for run in runs:
            found = connection.execute(_OF_RUN, (run, self.length_ms, self.start_ms)).fetchall()
            if found:
                connection.execute(_TOTAL, _total(names, run, together(read_part(part) for (part,) in found)))
            else:
                connection.execute(_NO_TOTAL, (run,))


def _total(names: Names, run: str, part: Part) -> tuple[Any, ...]:
    who, narrow = names.who(part.key, part.labels)
    what = names.what(part.what)
    return run, part.first_ms, part.last_ms, who, narrow, what, part.prompt, part.sums[COST], write_part(part)


def _some(items: Any) -> Iterator[list[Any]]:
    """So many at a time."""
    every = list(items)
    return (every[place : place + ROWS] for place in range(0, len(every), ROWS))
