"""What runs cost beside models: added up in the file by whom a run's first call was for, as its sums or its calls say.

No sums of it are kept: a question reads each booking of its time once, some two microseconds apiece.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from farthing.stores.other_costs import Booked, value_beside
from farthing.stores.sqlite.past.known import NOBODY, NOTHING, Found, Known
from farthing.stores.sqlite.past.question import Question
from farthing.stores.sqlite.past.runs import Runs, run_found
from farthing.stores.sqlite.sums.spans import DAY_MS, HOUR_MS

ANY = "SELECT EXISTS (SELECT 1 FROM other_cost WHERE at_ms >= ? AND at_ms < ? AND nanos > 0)"
"""Whether anything was booked in a time: mostly nothing was, and nothing more has to be read."""
_COLUMNS = "c.at_ms / :span_ms * :span_ms, {run}, c.kind, {who}, count(*), sum(c.nanos)"
_WANTED = "c.at_ms >= :since_ms AND c.at_ms < :until_ms AND c.nanos > 0"
_SUMMED = f"""
SELECT {_COLUMNS} FROM other_cost c LEFT JOIN run_total r ON r.run = c.run
WHERE {_WANTED} AND c.run NOT IN (SELECT value FROM json_each(:live))
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - names of ours
_LIVE = f"""
SELECT {_COLUMNS} FROM other_cost c
WHERE {_WANTED} AND c.run IN (SELECT value FROM json_each(:live))
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - names of ours


class _Costs(NamedTuple):
    """Costs of one kind, booked in one day for runs of the same people; in one hour where hours are asked for."""

    run: str
    """"" where nobody asks for it."""
    whom: Found
    """At the beginning of that day or hour."""
    kind: str
    bookings: int
    nanos: int

    def value(self, name: str) -> str:
        return value_beside(name, self.run, self.whom.value)


def booked(runs: Runs, question: Question) -> Iterator[Booked]:
    """All that was booked in that time, by group and kind; a group may come several times."""
    for costs in (*_of_summed(runs, question), *_of_live(runs, question)):
        if all(costs.value(name) == value for name, value in question.where):
            group = tuple(costs.value(name) for name in question.by)
            yield group, costs.kind, costs.bookings, costs.nanos


def _of_summed(runs: Runs, question: Question) -> Iterator[_Costs]:
    known = Known(runs.connection, question.where)
    run = "c.run" if "run" in question.names else "''"
    query = _SUMMED.format(run=run, who=f"ifnull(r.who, {NOBODY})")
    rows = runs.connection.execute(query, _values(runs, question)).fetchall()
    known.learn(who for _, _, _, who, _, _ in rows)
    for start_ms, name, kind, who, bookings, nanos in rows:
        yield _Costs(name, known.found(start_ms, who, NOTHING), kind, bookings, nanos)


def _of_live(runs: Runs, question: Question) -> Iterator[_Costs]:
    """Of the runs with calls that are not summed yet."""
    query = _LIVE.format(run="c.run", who=NOBODY)
    for start_ms, name, kind, _, bookings, nanos in runs.connection.execute(query, _values(runs, question)):
        whom = run_found(runs.live[name])._replace(start_ms=start_ms)
        yield _Costs(name, whom, kind, bookings, nanos)


def _values(runs: Runs, question: Question) -> dict[str, Any]:
    live = msgspec.json.encode(tuple(runs.live)).decode()
    span_ms = HOUR_MS if "hour" in question.names else DAY_MS
    return {"since_ms": question.since_ms, "until_ms": question.until_ms, "span_ms": span_ms, "live": live}
