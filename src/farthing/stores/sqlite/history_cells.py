"""The rows of sums that answer a question, and the calls that are not summed yet."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from farthing.domain.record import Labels
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.history_known import PARTS_OF_WHAT, TIMES, Found, Known, turn_of
from farthing.stores.sqlite.rollup_pages import pages
from farthing.stores.sqlite.rollup_spans import DAY_MS, HOUR_MS, Horizon, Stretch, cover, whole_spans
from farthing.stores.sqlite.rollup_tally import SUMS, Explainer, Tally, pairs
from farthing.stores.sqlite.rollup_write import ALL, NARROW, WHO

SINGLE = frozenset({"run", "step"})
"""Labels that no sums are kept by: groups of these go over the calls themselves."""

_CELLS = (
    "SELECT {start}, {who}, c.what, "  # noqa: S608 - names of ours
    f"{', '.join(f'sum(c.{name})' for name in SUMS)} FROM json_each(?1) n CROSS JOIN cell c "
    "ON c.family = ?2 AND c.length_ms = ?3 AND c.narrow = n.value AND c.start_ms >= ?4 AND c.start_ms < ?5 "
    "WHERE (?6 IS NULL OR c.what IN (SELECT value FROM json_each(?6))) "
    "AND (?7 IS NULL OR c.who IN (SELECT value FROM json_each(?7))) GROUP BY 1, 2, 3"
)

RunSpan = Callable[[str], tuple[int, int]]
"""From the first to behind the last call of a run."""


class Question(NamedTuple):
    """What is asked: groups, time and conditions."""

    by: tuple[str, ...]
    since_ms: int
    until_ms: int
    where: Labels

    @property
    def names(self) -> set[str]:
        return {*self.by, *(name for name, _ in self.where)}

    @property
    def labels(self) -> set[str]:
        """Those it names, and perhaps the key."""
        return self.names - {*PARTS_OF_WHAT, *TIMES}

    def narrowed(self, run_span: RunSpan) -> "Question":
        """The same about no more time than it can be about."""
        since_ms, until_ms = max(self.since_ms, 0), self.until_ms
        for name, value in self.where:
            if name in TIMES or (name == "run" and value):
                first_ms, end_ms = turn_of(name, value) if name in TIMES else run_span(value)
                since_ms, until_ms = max(since_ms, first_ms), min(until_ms, end_ms)
        return Question(self.by, since_ms, until_ms, self.where)

    def wants(self, found: Found) -> bool:
        return all(found.value(name) == value for name, value in self.where if name not in TIMES)

    def group(self, found: Found) -> tuple[str, ...]:
        return tuple(found.value(name) for name in self.by)


def answer(handle: Handle, question: Question, explainer: Explainer) -> Iterator[Found]:
    """Every row of sums that belongs to an answer, in short transactions."""
    single = bool(question.names & SINGLE)
    longest_ms = 0 if single else HOUR_MS if "hour" in question.by else DAY_MS
    with handle.reading() as connection:
        horizon = Horizon.read(connection)
        stretches, gaps = cover(whole_spans(connection), question.since_ms, question.until_ms, longest_ms)
        found = _summed(connection, question, stretches) if stretches else []
    yield from found
    for since_ms, until_ms in gaps:
        tally = Tally(HOUR_MS)
        add = tally.add_whole if single else tally.add
        for rows in pages(handle.reading, horizon, since_ms, until_ms):
            for pair in pairs(rows, explainer):
                add(pair)
        yield from (one for one in _just_summed(tally) if question.wants(one))


def _summed(connection: sqlite3.Connection, question: Question, stretches: list[Stretch]) -> list[Found]:
    known = Known(connection, question.where)
    family = ALL if not question.labels else WHO if question.labels & known.wide else NARROW
    timed = any(name in TIMES for name in question.by)
    who = {ALL: "0", NARROW: "c.narrow", WHO: "c.who"}[family]
    query = _CELLS.format(start="c.start_ms" if timed else "0", who=who)
    narrow = "[0]" if family == ALL else known.narrow() or known.every_narrow()
    only = (known.whats(), known.whos())
    rows = [row for one in stretches for row in connection.execute(query, (narrow, family, *one, *only))]
    known.learn(row[1] for row in rows)
    found = (known.found(start_ms, number, what, tuple(sums)) for start_ms, number, what, *sums in rows)
    return [one for one in found if question.wants(one)]


def _just_summed(tally: Tally) -> Iterator[Found]:
    for (start_ms, key, labels, what), sums in tally.groups.items():
        yield Found(start_ms, key, msgspec.json.decode(labels, type=dict[str, str]), what, sums)
