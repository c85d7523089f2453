"""What summed spans come to: the smallest family of cells that can answer a question, and its rows."""

import json
import sqlite3
from collections.abc import Sequence
from operator import sub
from typing import Any, NamedTuple

from farthing.stores.sqlite.past.known import NOBODY, PARTS_OF_WHAT, TIMES, Found, Known
from farthing.stores.sqlite.past.question import Group, Question
from farthing.stores.sqlite.sums.names import KEY
from farthing.stores.sqlite.sums.spans import DAY_MS, HOUR_MS, Stretch
from farthing.stores.sqlite.sums.tally import SUMS
from farthing.stores.sqlite.sums.write import ALL, NARROW, ONE, WHO

_CELLS = (
    "json_each(:stretches) s CROSS JOIN json_each(:narrow) n CROSS JOIN cell c ON c.family = :family "
    "AND c.length_ms = json_extract(s.value, '$[0]') AND c.narrow = n.value "
    "AND c.start_ms >= json_extract(s.value, '$[1]') AND c.start_ms < json_extract(s.value, '$[2]') {what}"
)
_WHAT = "JOIN what w ON w.id = c.what"
_ONLY = (
    "(:whats IS NULL OR c.what IN (SELECT value FROM json_each(:whats))) "
    "AND (:whos IS NULL OR c.who IN (SELECT value FROM json_each(:whos)))"
)
_ROWS = (
    "SELECT {start}, {who}, min(c.what), "  # noqa: S608 - names of ours
    f"{', '.join(f'sum(c.{name})' for name in SUMS)} FROM {_CELLS} WHERE {_ONLY} GROUP BY {{groups}}"
)
_DEAREST = (
    f"SELECT {{values}} FROM {_CELLS} JOIN who p ON p.id = c.who WHERE {_ONLY} "  # noqa: S608
    "GROUP BY {groups} ORDER BY sum(c.cost_nanos) DESC, {groups} LIMIT :limit"
)

Row = Sequence[int]
"""Start, number of whom, number of what, and sums."""


class Summed(NamedTuple):
    """The summed stretches of a question, read within one transaction."""

    connection: sqlite3.Connection
    question: Question
    stretches: Sequence[Stretch]
    with_rates: bool
    """Whether rows at different rates are kept apart."""

    def found(self) -> list[Found]:
        """Rows whose sums are the answer."""
        known = Known(self.connection, self.question.where)
        family = self._family(known)
        if family == ONE:
            rows = self._by_one_label(known, *self.question.labels)
        else:
            rows = self._rows(known, family, _narrow(known, family))
        found = (known.found(start_ms, number, what, tuple(sums)) for start_ms, number, what, *sums in rows)
        return [each for each in found if self.question.wants(each)]

    def dearest(self, limit: int) -> set[Group]:
        """At least the groups that cost most in these stretches, where there are too many to look at all of them."""
        known = Known(self.connection, self.question.where)
        if self._family(known) != WHO:
            return {self.question.group(each) for each in self.found()}
        values = [_VALUES.get(name, _LABEL.format(place)) for place, name in enumerate(self.question.by)]
        groups = ", ".join(map(str, range(1, len(values) + 1)))
        paths = {f"label{place}": f'$."{name}"' for place, name in enumerate(self.question.by)}
        query = _DEAREST.format(values=", ".join(values), groups=groups, what=_WHAT if self._told_apart() else "")
        asked = self._asked(known, WHO, _narrow(known, WHO))
        return set(self.connection.execute(query, {**asked, **paths, "limit": limit}))

    def _family(self, known: Known) -> int:
        labels = self.question.labels
        if not labels:
            return ALL
        if labels & known.wide:
            return WHO
        return ONE if len(labels) == 1 else NARROW

    def _by_one_label(self, known: Known, label: str) -> list[Row]:
        """Rows of its values; what they leave of everything has no such label."""
        values = {value for name, value in self.question.where if name == label}
        rows = self._rows(known, ONE, known.ones(label, values))
        return rows if any(values) else [*rows, *self._rest(known, self._rows(known, ALL, "[0]"), rows)]

    def _rest(self, known: Known, whole: Sequence[Row], parts: Sequence[Row]) -> list[Row]:
        """The rows of `whole` without what `parts` have of them."""
        names = self._told_apart()
        asked = {row[2]: tuple(getattr(known.what(row[2]), name) for name in names) for row in (*whole, *parts)}
        left = {(start_ms, asked[what]): (what, sums) for start_ms, _, what, *sums in whole}
        for start_ms, _, what, *sums in parts:
            number, before = left[start_ms, asked[what]]
            left[start_ms, asked[what]] = number, list(map(sub, before, sums))
        return [(start_ms, NOBODY, what, *sums) for (start_ms, _), (what, sums) in left.items()]

    def _told_apart(self) -> list[str]:
        """By which parts of what was called rows of the same start and of the same whom are kept apart."""
        named = [name for name in PARTS_OF_WHAT if name in self.question.names]
        return [*named, "rates"] if self.with_rates else named

    def _rows(self, known: Known, family: int, narrow: str) -> list[Row]:
        """Of what is not asked for, 0 or any number that fits."""
        parts = [f"w.{name}" for name in self._told_apart()]
        step_ms = HOUR_MS if "hour" in self.question.by else DAY_MS
        timed = any(name in TIMES for name in self.question.by)
        query = _ROWS.format(
            start=f"c.start_ms / {step_ms} * {step_ms}" if timed else "0",
            who={ALL: "0", NARROW: "c.narrow", ONE: "c.narrow", WHO: "c.who"}[family],
            what=_WHAT if parts else "",
            groups=", ".join(("1", "2", *parts)),
        )
        rows = self.connection.execute(query, self._asked(known, family, narrow)).fetchall()
        known.learn(row[1] for row in rows)
        return rows

    def _asked(self, known: Known, family: int, narrow: str) -> dict[str, Any]:
        whos = known.whos() if family == WHO else None
        if family == WHO and self.question.only is not None:
            whos = known.whos_of(self.question.by, self.question.only)
        stretches = json.dumps([list(map(int, one)) for one in self.stretches])
        return {"stretches": stretches, "narrow": narrow, "family": family, "whats": known.whats(), "whos": whos}


_VALUES = {name: f"w.{name}" for name in PARTS_OF_WHAT} | {
    KEY: "p.key",
    "hour": "strftime('%Y-%m-%dT%H', c.start_ms / 1000, 'unixepoch')",
    "day": "strftime('%Y-%m-%d', c.start_ms / 1000, 'unixepoch')",
    "month": "strftime('%Y-%m', c.start_ms / 1000, 'unixepoch')",
}
_LABEL = "ifnull(json_extract(p.labels, :label{}), '')"


def _narrow(known: Known, family: int) -> str:
    return "[0]" if family == ALL else known.narrow() or known.every_narrow()
