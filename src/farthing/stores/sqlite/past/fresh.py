"""What runs did in calls that are not summed, hour by hour, so that only hours that change meanwhile are read again.

It is read in short transactions while others sum, settle and take back. Before it is used, all in one transaction, it is
made to fit the sums of that moment: an hour that was summed meanwhile is forgotten here, and one whose sums were
taken back, or whose slices (five minutes) are others now, has to be read anew, this time from all of its calls.
"""

import sqlite3
from collections.abc import Iterable
from functools import partial

from farthing.stores.sqlite.past.behind import Patience
from farthing.stores.sqlite.sums.pages import Reading, pages, prompts_of
from farthing.stores.sqlite.sums.runs import Part, RunTally, read_part, together
from farthing.stores.sqlite.sums.spans import HOUR_MS, SLICE_MS, Horizon, cover, whole_spans
from farthing.stores.sqlite.sums.tally import Explainer, pairs, without_run

EVER_MS = 2**53

_SLICES = f"SELECT start_ms, turn FROM span WHERE whole = 1 AND length_ms = {SLICE_MS}"  # noqa: S608 - a number
_PARTS = (
    "SELECT p.length_ms, p.start_ms, p.part FROM run_part p JOIN span s USING (length_ms, start_ms) "
    "WHERE p.run = ? AND s.whole = 1"
)

Slices = dict[int, frozenset[tuple[int, int]]]
"""Beginning and turn of the summed slices of each hour that has any."""


class Fresh:
    """Parts of runs by hour, or `only` those of the run of this name."""

    def __init__(self, explainer: Explainer, only: str | None) -> None:
        self._explainer = explainer
        self._only = only
        self._hours: dict[int, dict[str, Part]] = {}
        self._summed: set[int] = set()
        self._slices: Slices = {}
        self._anew: set[int] = set()
        """Hours that were read from all of their calls, whatever slices there are."""

    def begin(self, reading: Reading, patience: Patience | None) -> None:
        """Everything that no sums cover. Raises PastUnsummed where that is more than `patience` has."""
        with reading() as connection:
            horizon, whole = Horizon.read(connection), whole_spans(connection)
            self._slices, self._summed = _slices(connection), _hours(connection)
        gaps = cover(whole, 0, EVER_MS, HOUR_MS)[1]
        if patience is not None:
            patience.check(reading, horizon, gaps, 0)
        for since_ms, until_ms in gaps:
            self._read(reading, horizon, since_ms, until_ms)

    def outdated(self, connection: sqlite3.Connection) -> set[int]:
        """Hours that have to be read anew, for this moment; what is summed by now is forgotten here."""
        summed, slices = _hours(connection), _slices(connection)
        for hour_ms in summed & self._hours.keys():
            del self._hours[hour_ms]
        self._anew -= summed
        others = {each for each in self._slices.keys() | slices.keys() if self._slices.get(each) != slices.get(each)}
        found = ((self._summed - summed) | (others - summed)) - self._anew
        self._summed, self._slices = summed, slices
        return found

    def read_anew(self, reading: Reading, hours: Iterable[int]) -> None:
        """These hours, from all of their calls."""
        for hour_ms in sorted(hours):
            with reading() as connection:
                horizon = Horizon.read(connection)
            self._hours.pop(hour_ms, None)
            self._read(reading, horizon, hour_ms, hour_ms + HOUR_MS)
            self._anew.add(hour_ms)

    def whole_runs(self, connection: sqlite3.Connection) -> dict[str, Part]:
        """The runs with calls that are not summed, as wholes: with their parts in what is."""
        found: dict[str, list[Part]] = {}
        for parts in self._hours.values():
            for run, part in parts.items():
                found.setdefault(run, []).append(part)
        return {run: together((*parts, *self._summed_parts(connection, run))) for run, parts in found.items()}

    def _summed_parts(self, connection: sqlite3.Connection, run: str) -> Iterable[Part]:
        for length_ms, start_ms, document in connection.execute(_PARTS, (run,)):
            if length_ms == HOUR_MS or start_ms // HOUR_MS * HOUR_MS not in self._anew:
                yield read_part(document)

    def _read(self, reading: Reading, horizon: Horizon, since_ms: int, until_ms: int) -> None:
        tallies: dict[int, RunTally] = {}
        for rows in pages(reading, horizon, since_ms, until_ms, self._only):
            for pair in pairs((row for row in rows if self._is_wanted(row[3])), self._explainer):
                tallies.setdefault(pair.arrived_ms // HOUR_MS * HOUR_MS, RunTally()).add(pair)
            for tally in tallies.values():
                tally.learn(partial(prompts_of, reading))
        for hour_ms, tally in tallies.items():
            known = self._hours.setdefault(hour_ms, {})
            for run, part in tally.parts().items():
                known[run] = together((known[run], part)) if run in known else part

    def _is_wanted(self, labels: str) -> bool:
        found = without_run(labels)[1]
        return bool(found) if self._only is None else found == self._only


def _hours(connection: sqlite3.Connection) -> set[int]:
    return {start_ms for start_ms, lengths in whole_spans(connection).items() if HOUR_MS in lengths}


def _slices(connection: sqlite3.Connection) -> Slices:
    found: dict[int, set[tuple[int, int]]] = {}
    for start_ms, turn in connection.execute(_SLICES):
        found.setdefault(start_ms // HOUR_MS * HOUR_MS, set()).add((start_ms, turn))
    return {hour_ms: frozenset(slices) for hour_ms, slices in found.items()}
