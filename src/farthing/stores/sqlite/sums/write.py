"""Writing the sums of one span, in transactions so short that no call has to wait for them.

A span is summed in a *turn*: its number is noted, then its calls are read, then its sums are written act by act, so many
acts in a transaction as come to about `ROWS` rows, and with the last one the span becomes whole. Whoever changes one of
its calls meanwhile moves its turn on, and the sums are dropped. Nobody reads the sums of a span that is not whole.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.sums.names import Names
from farthing.stores.sqlite.sums.runs import Part, read_part, together, write_part
from farthing.stores.sqlite.sums.spans import DAY_MS, HOUR_MS, SLICE_MS, Horizon
from farthing.stores.sqlite.sums.tally import COST, SUMS, Group, added

ROWS = 1_000
"""Rows written in one transaction, about: a few milliseconds."""
AT_ONCE = 250
"""Rows that one act writes."""
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
_CELLS = (
    f"SELECT narrow, who, what, count(*), {', '.join(f'sum({name})' for name in SUMS)} "  # noqa: S608
    f"FROM cell WHERE {_OF_FAMILY} GROUP BY narrow, who, what"
)
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
Groups = Mapping[Group, tuple[int, ...]]
_Item = TypeVar("_Item")
Act = Callable[[sqlite3.Connection], int]
"""A part of the work, for a transaction that is open; about how many rows it wrote."""


class Turn:
    """One attempt to sum one span. Begin it before reading any of its calls."""

    def __init__(self, handle: Handle, length_ms: int, start_ms: int) -> None:
        self.length_ms, self.start_ms, self.end_ms = length_ms, start_ms, start_ms + length_ms
        self._handle = handle
        self.cells_read = 0
        """Of shorter spans."""
        with handle.changing() as connection:
            self.horizon = Horizon.read(connection)  # as it stands now: whoever widens it later moves this turn on
            connection.execute(_HORIZON, (self.end_ms, self.horizon.ids(start_ms, self.end_ms)[1]))
            (self._turn,) = connection.execute(_TURN, (length_ms, start_ms)).fetchone()

    def from_calls(self, groups: Groups, parts: Parts) -> bool:
        """Write what was summed from the calls themselves. False, and nothing is summed, where one of them changed
        meanwhile or somebody else sums them too."""
        return self._do(self._acts_of_calls(groups, parts))

    def from_shorter(self, length_ms: int) -> bool:
        """Write what whole spans of this length come to together; as `from_calls`. One of them that
        changes while they are read ends this turn too."""
        with self._handle.reading() as connection:
            (whole,) = connection.execute(_COUNT, (length_ms, self.start_ms, self.end_ms)).fetchone()
        if whole * length_ms != self.length_ms:
            return False
        cells = self._read_cells(length_ms)
        parts = self._read_parts(length_ms) if self.length_ms < DAY_MS else {}
        documents = [(run, write_part(part)) for run, part in parts.items()]
        return self._do(self._acts_of_rows(cells, documents, ()))

    def _do(self, acts: Iterable[Act]) -> bool:
        """All of them, in short transactions; False where the turn is somebody else's meanwhile."""
        left = iter(acts)
        act = next(left, None)
        while act is not None:
            with self._handle.changing() as connection:
                if not connection.execute(_STILL, (self.length_ms, self.start_ms, self._turn)).fetchone():
                    return False
                written = 0
                while act is not None and written < ROWS:
                    written += act(connection)
                    act = next(left, None)
        return True

    def _acts_of_calls(self, groups: Groups, parts: Parts) -> Iterator[Act]:
        runs: set[str] = set()
        if self.length_ms > SLICE_MS:
            yield self._doubt_slices
        yield partial(self._find_runs, runs)
        cells: Cells = {}
        names = Names()
        yield from (partial(self._number, names, cells, some) for some in _some(groups.items()))
        documents = {run: write_part(part) for run, part in parts.items()}
        every = sorted(runs | parts.keys())
        totals = (partial(self._write_totals, names, parts, documents, some) for some in _some(every))
        yield from self._acts_of_rows(cells, documents.items(), totals)

    def _acts_of_rows(
        self, cells: Cells, documents: Iterable[tuple[str, bytes]], totals: Iterable[Act]
    ) -> Iterator[Act]:
        yield self._clear
        # In the order of their tables, so that few pages are written, and each in one transaction.
        yield from (partial(self._add_cells, some) for some in _some(sorted(cells.items(), key=_place)))
        yield from (partial(self._add_parts, some) for some in _some(sorted(documents)))
        yield from totals
        yield self._finish

    def _clear(self, connection: sqlite3.Connection) -> int:
        """What an earlier turn left."""
        return self._drop(connection, self.length_ms) if self._turn > 1 else 0

    def _finish(self, connection: sqlite3.Connection) -> int:
        connection.execute(_WHOLE, (self.length_ms, self.start_ms))
        if self.length_ms == HOUR_MS:
            dropped = connection.execute(_DROP_SPANS, (SLICE_MS, self.start_ms, self.end_ms)).rowcount
            if dropped:
                self._drop(connection, SLICE_MS)
        return 1

    def _drop(self, connection: sqlite3.Connection, length_ms: int) -> int:
        times = (length_ms, self.start_ms, self.end_ms)
        dropped = sum(connection.execute(_DROP_CELLS, (family, *times)).rowcount for family in FAMILIES)
        return dropped + connection.execute(_DROP_PARTS, times).rowcount

    def _doubt_slices(self, connection: sqlite3.Connection) -> int:
        """From here on nobody reads the slices of this hour: its runs may be summed anew."""
        return connection.execute(_NO_SLICES, (self.start_ms, self.end_ms)).rowcount

    def _find_runs(self, runs: set[str], connection: sqlite3.Connection) -> int:
        """Those that had a part in this span, or in one that it takes the place of."""
        for length_ms in (self.length_ms, SLICE_MS):
            runs.update(run for (run,) in connection.execute(_RUNS, (length_ms, self.start_ms, self.end_ms)))
        return 0

    def _number(
        self,
        names: Names,
        cells: Cells,
        groups: Sequence[tuple[Group, tuple[int, ...]]],
        connection: sqlite3.Connection,
    ) -> int:
        """Into which cells the sums of these groups go."""
        names.within(connection)
        for (_, key, labels, what), sums in groups:
            who, narrow = names.who(key, labels)
            number = names.what(what)
            ones = ((ONE, one, 0, number) for one in names.ones(narrow))
            for place in ((ALL, 0, 0, number), (NARROW, narrow, 0, number), (WHO, narrow, who, number), *ones):
                cells[place] = added(cells.get(place), sums)
        return len(groups)

    def _read_cells(self, length_ms: int) -> Cells:
        cells: Cells = {}
        for family in FAMILIES:
            with self._handle.reading() as connection:
                rows = connection.execute(_CELLS, (family, length_ms, self.start_ms, self.end_ms)).fetchall()
            for narrow, who, what, count, *sums in rows:
                cells[family, narrow, who, what] = tuple(sums)
                self.cells_read += count
        return cells

    def _read_parts(self, length_ms: int) -> Parts:
        found: dict[str, list[Part]] = {}
        with self._handle.reading() as connection:
            rows = connection.execute(_PARTS, (length_ms, self.start_ms, self.end_ms)).fetchall()
        for run, part in rows:
            found.setdefault(run, []).append(read_part(part))
        return {run: together(some) for run, some in found.items()}

    def _add_cells(self, cells: Sequence[tuple[Place, tuple[int, ...]]], connection: sqlite3.Connection) -> int:
        rows = (
            (family, self.length_ms, narrow, self.start_ms, who, what, *sums)
            for (family, narrow, who, what), sums in cells
        )
        connection.executemany(_ADD_CELL, rows)
        return len(cells)

    def _add_parts(self, documents: Sequence[tuple[str, bytes]], connection: sqlite3.Connection) -> int:
        rows = ((self.length_ms, self.start_ms, run, document) for run, document in documents)
        connection.executemany(_ADD_PART, rows)
        return len(documents)

    def _write_totals(
        self,
        names: Names,
        parts: Parts,
        documents: Mapping[str, bytes],
        runs: Sequence[str],
        connection: sqlite3.Connection,
    ) -> int:
        """What these runs come to as far as they are summed, this span included."""
        names.within(connection)
        for run in runs:
            found = connection.execute(_OF_RUN, (run, self.length_ms, self.start_ms)).fetchall()
            if not found:
                connection.execute(_NO_TOTAL, (run,))
            elif len(found) == 1 and run in parts:
                connection.execute(_TOTAL, _total(names, run, parts[run], documents[run]))
            else:
                part = together(read_part(document) for (document,) in found)
                connection.execute(_TOTAL, _total(names, run, part, write_part(part)))
        return 3 * len(runs)


def _total(names: Names, run: str, part: Part, document: bytes) -> tuple[Any, ...]:
    who, narrow = names.who(part.key, part.labels)
    what = names.what(part.what)
    return run, part.first_ms, part.last_ms, who, narrow, what, part.prompt, part.sums[COST], document


def _place(cell: tuple[Place, tuple[int, ...]]) -> Place:
    return cell[0]


def _some(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """So many at a time."""
    left = iter(items)
    while some := list(islice(left, AT_ONCE)):
        yield some
