"""What runs came to, by group: outcomes and other costs beside what their calls cost."""

from collections.abc import Iterator
from operator import add
from typing import Any

from farthing.domain.money import NANOS_PER_USD
from farthing.ports.history import OutcomeRow
from farthing.stores.sqlite.outcomes import costs_of, outcome_of
from farthing.stores.sqlite.past.known import PARTS_OF_WHAT, PROMPT, TIMES, Found, Known
from farthing.stores.sqlite.past.question import Question
from farthing.stores.sqlite.past.runs import Runs, only, run_found
from farthing.stores.sqlite.sums.runs import Part
from farthing.stores.sqlite.sums.spans import HOUR_MS
from farthing.stores.sqlite.sums.tally import COST

_OUTCOMES = """
SELECT {start}, {who}, {what}, {prompt}, count(*), count(o.run), ifnull(sum(o.success), 0), sum({cost}),
    ifnull(sum({cost}) FILTER (WHERE o.run IS NOT NULL), 0), ifnull(sum({cost}) FILTER (WHERE o.success = 1), 0),
    total({cost} / 1e9 * {cost} / 1e9) FILTER (WHERE o.run IS NOT NULL), count(o.score), total(o.score)
FROM run_total r LEFT JOIN outcome o ON o.run = r.run {others}
WHERE r.first_ms >= :since_ms AND r.first_ms < :until_ms AND {only}
GROUP BY {groups}
"""
_ANY_OTHERS = "SELECT EXISTS (SELECT 1 FROM other_cost)"
_MODELS_ALONE = {"cost": "r.cost_nanos", "others": ""}
_WITH_OTHERS = {
    "cost": "(r.cost_nanos + ifnull(x.nanos, 0))",
    "others": "LEFT JOIN (SELECT run, sum(nanos) AS nanos FROM other_cost GROUP BY run) x ON x.run = r.run",
}
"""Looked up for each run: where nobody ever booked another cost, it is spared."""

Numbers = tuple[Any, ...]
"""As the fields of `OutcomeRow` behind its group."""


def outcome_rows(runs: Runs, question: Question) -> tuple[OutcomeRow, ...]:
    """Ordered by group; of runs that began in that time."""
    groups: dict[tuple[str, ...], Numbers] = {}
    for found, numbers in (*_summed(runs, question), *_fresh(runs, question)):
        group = tuple(found.of_run(name) for name in question.by)
        groups[group] = tuple(map(add, groups[group], numbers)) if group in groups else numbers
    return tuple(
        OutcomeRow(group=group, **dict(zip(OutcomeRow.__struct_fields__[1:], numbers, strict=True)))
        for group, numbers in sorted(groups.items())
    )


def _summed(runs: Runs, question: Question) -> Iterator[tuple[Found, Numbers]]:
    known = Known(runs.connection, question.where)
    conditions = runs.conditions(question.where)
    (others,) = runs.connection.execute(_ANY_OTHERS).fetchone()
    columns = {
        "start": f"r.first_ms / {HOUR_MS} * {HOUR_MS}" if question.names & TIMES.keys() else "0",
        "who": "0" if not question.labels else "r.who" if question.labels & known.wide else "r.narrow",
        "what": "r.what" if question.names & set(PARTS_OF_WHAT) else "0",
        "prompt": "r.prompt" if PROMPT in question.names else "''",
    }
    groups = [str(place) for place, column in enumerate(columns.values(), start=1) if "r." in column]
    asked = {"only": only(conditions), "groups": ", ".join(groups or "1")}
    query = _OUTCOMES.format(**columns, **asked, **(_WITH_OTHERS if others else _MODELS_ALONE))
    times = {"since_ms": question.since_ms, "until_ms": question.until_ms}
    rows = runs.connection.execute(query, conditions | times).fetchall()
    known.learn(row[1] for row in rows)
    for start_ms, who, what, prompt, *numbers in rows:
        yield known.found(start_ms, who, what, prompt=prompt), tuple(numbers)


def _fresh(runs: Runs, question: Question) -> Iterator[tuple[Found, Numbers]]:
    for name, part in runs.fresh(question.where):
        if question.since_ms <= part.first_ms < question.until_ms:
            yield run_found(part), _numbers(runs, name, part)


def _numbers(runs: Runs, name: str, part: Part) -> Numbers:
    outcome = outcome_of(runs.connection, name)
    cost = part.sums[COST] + sum(other.nanos for other in costs_of(runs.connection, name))
    if outcome is None:
        return 1, 0, 0, cost, 0, 0, 0.0, 0, 0.0
    dollars = cost / NANOS_PER_USD
    success, score = int(outcome.success), outcome.score
    return 1, 1, success, cost, cost, cost * success, dollars * dollars, int(score is not None), score or 0.0
