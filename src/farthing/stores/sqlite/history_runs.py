"""Runs as wholes: those that are summed from their totals, those with calls that are not from their parts and these calls."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any, NamedTuple

import msgspec

from farthing.domain.money import NANOS_PER_USD
from farthing.domain.record import Labels
from farthing.ports.history import OutcomeRow, RunRow
from farthing.ports.outcomes import Outcome
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.history_cells import Question
from farthing.stores.sqlite.history_known import PARTS_OF_WHAT, PROMPT, TIMES, Found, Known, turn_of
from farthing.stores.sqlite.outcomes import costs_of, outcome_of
from farthing.stores.sqlite.rollup_pages import Reading, pages, prompt_of
from farthing.stores.sqlite.rollup_runs import Part, RunTally, read_part, together
from farthing.stores.sqlite.rollup_spans import HOUR_MS, Horizon, cover, whole_spans
from farthing.stores.sqlite.rollup_tally import COST, NAIVE, SUMS, Explainer, pairs, usage_of, without_run

EVER_MS = 2**53
TRIES = 3
"""How often calls are read in short transactions before all is read in one: sums that changed meanwhile do not fit them."""

_ONLY = (
    "r.run NOT IN (SELECT value FROM json_each(:live)) "
    "AND (:narrow IS NULL OR r.narrow IN (SELECT value FROM json_each(:narrow))) "
    "AND (:whos IS NULL OR r.who IN (SELECT value FROM json_each(:whos))) "
    "AND (:whats IS NULL OR r.what IN (SELECT value FROM json_each(:whats))) "
    "AND (:prompt IS NULL OR r.prompt = :prompt) AND (:run IS NULL OR r.run = :run) "
    "AND r.first_ms >= :begun_ms AND r.first_ms < :begun_until_ms"
)
_LAST = (
    f"SELECT run FROM run_total r WHERE r.last_ms >= :since_ms AND r.first_ms < :until_ms AND {_ONLY} "  # noqa: S608
    "ORDER BY {order} DESC, run LIMIT :limit"
)
_TOTAL = "SELECT part FROM run_total WHERE run = ?"
_PARTS = "SELECT p.part FROM run_part p JOIN span s USING (length_ms, start_ms) WHERE p.run = ? AND s.whole = 1"
_OTHER = "SELECT run, sum(nanos) FROM other_cost GROUP BY run"
_OUTCOMES = f"""
SELECT {{start}}, r.{{who}}, {{what}}, {{prompt}}, count(*), count(o.run), ifnull(sum(o.success), 0),
    sum(r.cost_nanos + ifnull(x.nanos, 0)),
    ifnull(sum(r.cost_nanos + ifnull(x.nanos, 0)) FILTER (WHERE o.run IS NOT NULL), 0),
    ifnull(sum(r.cost_nanos + ifnull(x.nanos, 0)) FILTER (WHERE o.success = 1), 0),
    ifnull(total((r.cost_nanos + ifnull(x.nanos, 0)) * (r.cost_nanos + ifnull(x.nanos, 0)) / 1e18)
        FILTER (WHERE o.run IS NOT NULL), 0.0),
    count(o.score), ifnull(total(o.score), 0.0)
FROM run_total r LEFT JOIN outcome o ON o.run = r.run LEFT JOIN ({_OTHER}) x ON x.run = r.run
WHERE {_ONLY} GROUP BY 1, 2, 3, 4
"""  # noqa: S608


class Runs(NamedTuple):
    """What is known at one moment: a transaction, and the runs with calls that are not summed yet, as wholes."""

    connection: sqlite3.Connection
    live: dict[str, Part]

    def listed(self, question: Question, order: str, limit: int) -> list[tuple[str, Part]]:
        """So many of the runs with a call in that time, the newest first or the dearest."""
        rank = "cost_nanos" if order == "cost" else "last_ms"
        values = self._values(question.where) | {
            "since_ms": question.since_ms,
            "until_ms": question.until_ms,
            "limit": limit,
        }
        names = [name for (name,) in self.connection.execute(_LAST.format(order=rank), values)]
        found = [(name, self.total(name)) for name in names]
        found += [
            (name, part)
            for name, part in self.live.items()
            if part.first_ms < question.until_ms and part.last_ms >= question.since_ms and _wants(question, name, part)
        ]
        place = COST if order == "cost" else None
        return sorted(found, key=lambda one: (-(one[1].last_ms if place is None else one[1].sums[place]), one[0]))[:limit]

    def one(self, name: str) -> Part | None:
        row = self.connection.execute(_TOTAL, (name,)).fetchone()
        return self.live.get(name) or (read_part(row[0]) if row else None)

    def total(self, name: str) -> Part:
        return read_part(self.connection.execute(_TOTAL, (name,)).fetchone()[0])

    def outcomes(self, question: Question) -> Iterator[tuple[Found, tuple[Any, ...]]]:
        """Numbers of groups of runs, as in `OutcomeRow`."""
        known = Known(self.connection, question.where)
        query = _OUTCOMES.format(
            start=f"r.first_ms / {HOUR_MS} * {HOUR_MS}" if question.names & TIMES.keys() else "0",
            who="who" if question.labels & known.wide else "narrow",
            what="r.what" if question.names & set(PARTS_OF_WHAT) else "min(r.what)",
            prompt="r.prompt" if PROMPT in question.names else "''",
        )
        raise NotImplementedError(query)

    def _values(self, where: Labels) -> dict[str, Any]: ...
