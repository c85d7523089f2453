"""Runs as wholes: the summed ones from their totals, those with calls that are not summed from parts and these calls."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import msgspec

from farthing.domain.record import Labels
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.past.behind import Patience
from farthing.stores.sqlite.past.fresh import Fresh
from farthing.stores.sqlite.past.known import PROMPT, TIMES, Found, Known, turn_of
from farthing.stores.sqlite.past.question import Question
from farthing.stores.sqlite.sums.runs import Part, read_part
from farthing.stores.sqlite.sums.tally import COST, Explainer

TRIES = 3
"""How often hours that changed while calls were read are read again in short transactions, before those that changed once
more, while so few were read, are read in the transaction of the answer."""

_CONDITIONS = {
    "live": "r.run NOT IN (SELECT value FROM json_each(:live))",
    "narrow": "r.narrow IN (SELECT value FROM json_each(:narrow))",
    "whos": "r.who IN (SELECT value FROM json_each(:whos))",
    "whats": "r.what IN (SELECT value FROM json_each(:whats))",
    "prompt": "r.prompt = :prompt",
    "run": "r.run = :run",
    "begun_ms": "r.first_ms >= :begun_ms",
    "begun_until_ms": "r.first_ms < :begun_until_ms",
}
_LISTED = (
    "SELECT run FROM run_total r INDEXED BY {index} WHERE r.last_ms >= :since_ms AND r.first_ms < :until_ms "
    "AND {only} ORDER BY {rank} DESC, run LIMIT :limit"
)
_ORDERS = {
    "last": {"rank": "last_ms", "index": "run_total_last"},
    "cost": {"rank": "cost_nanos", "index": "run_total_cost"},
}
_TOTAL = "SELECT part FROM run_total WHERE run = ?"


class Runs(NamedTuple):
    """What is known at one moment, in a transaction that is open."""

    connection: sqlite3.Connection
    live: dict[str, Part]
    """The runs with calls that are not summed yet, as wholes."""

    def find(self, name: str) -> Part | None:
        if name in self.live:
            return self.live[name]
        row = self.connection.execute(_TOTAL, (name,)).fetchone()
        return None if row is None else read_part(row[0])

    def listed(self, question: Question, order: str, limit: int) -> list[tuple[str, Part]]:
        """So many of the runs that go on in that time, the newest first or the dearest."""
        values = self.conditions(question.where)
        query = _LISTED.format(only=only(values), **_ORDERS[order])
        values |= {"since_ms": question.since_ms, "until_ms": question.until_ms, "limit": limit}
        names = [name for (name,) in self.connection.execute(query, values)]
        found = [(name, part) for name in names if (part := self.find(name)) is not None]
        found += [
            (name, part)
            for name, part in self.fresh(question.where)
            if part.first_ms < question.until_ms and part.last_ms >= question.since_ms
        ]
        return sorted(found, key=_dearest if order == "cost" else _newest)[:limit]

    def fresh(self, where: Labels) -> Iterator[tuple[str, Part]]:
        """Those of `live` that fit the conditions."""
        for name, part in self.live.items():
            found = run_found(part)
            if all((name if label == "run" else found.of_run(label)) == value for label, value in where):
                yield name, part

    def conditions(self, where: Labels) -> dict[str, Any]:
        """What summed runs have to fit, as the values that `only` waits for."""
        known = Known(self.connection, where)
        turns = [turn_of(name, value) for name, value in where if name in TIMES]
        named = dict(where)
        values = {
            "live": msgspec.json.encode(tuple(self.live)).decode(),
            "narrow": known.narrow(),
            "whos": known.whos(),
            "whats": known.whats(),
            "prompt": named.get(PROMPT),
            "run": "" if named.get("step") else named.get("run"),
            "begun_ms": max((first_ms for first_ms, _ in turns), default=None),
            "begun_until_ms": min((end_ms for _, end_ms in turns), default=None),
        }
        return {name: value for name, value in values.items() if value is not None}


def only(conditions: Iterable[str]) -> str:
    """SQL for those of `run_total r` that fit `Runs.conditions`."""
    return " AND ".join(_CONDITIONS[name] for name in conditions)


def run_found(part: Part) -> Found:
    """A run by the names that groups and conditions use."""
    labels = msgspec.json.decode(part.labels, type=dict[str, str])
    return Found(part.first_ms, part.key, labels, part.what, part.sums, part.prompt)


@contextmanager
def runs_now(
    handle: Handle, explainer: Explainer, only: str | None = None, patience: Patience | None = None
) -> Iterator[Runs]:
    """All runs, or `only` the one of this name, as they are at one moment. Calls are read in short transactions, but those
    of hours that changed during each of `TRIES` of them. Raises PastUnsummed where `patience` ends."""
    fresh = Fresh(explainer, only)
    fresh.begin(handle.reading, patience)
    for _ in range(TRIES):
        with handle.reading() as connection:
            hours = fresh.outdated(connection)
            if not hours:
                yield Runs(connection, fresh.whole_runs(connection))
                return
        fresh.read_anew(handle.reading, hours)
    with handle.reading() as connection:
        fresh.read_anew(lambda: nullcontext(connection), fresh.outdated(connection))
        yield Runs(connection, fresh.whole_runs(connection))


def _newest(one: tuple[str, Part]) -> tuple[int, str]:
    return -one[1].last_ms, one[0]


def _dearest(one: tuple[str, Part]) -> tuple[int, str]:
    return -one[1].sums[COST], one[0]
