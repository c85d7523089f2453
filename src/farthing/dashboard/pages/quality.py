"""Quality beside cost: how often runs succeed and what a success costs, by workflow, model, prompt version or agent."""

from functools import partial
from operator import attrgetter

from farthing.dashboard.filters import where_of, without_filter
from farthing.dashboard.period import PRESETS, period_of
from farthing.dashboard.tables import ordered, sort_of
from farthing.dashboard.visit import Answer, Visit
from farthing.domain.record import Labels
from farthing.reports.success import Success, cost_per_success

GROUPS = ("workflow", "model", "prompt", "agent", "team", "key")
MOST_ROWS = 100
COLUMNS = {
    "success": attrgetter("nanos"),
    "rate": attrgetter("rate"),
    "score": attrgetter("mean_score"),
    "runs": attrgetter("row.runs"),
    "judged": attrgetter("row.judged"),
    "cost": attrgetter("row.cost_nanos"),
    "failed": attrgetter("failed_nanos"),
    "group": attrgetter("row.group"),
}


async def show(visit: Visit) -> Answer:
    """The page."""
    query = visit.query
    period, by, where = period_of(query, visit.now_ms, usual="30d"), query.one_of("by", GROUPS), where_of(query)
    sort = sort_of(query, COLUMNS)
    await visit.engine.ledger.flush()
    found = await visit.read(partial(_read, visit, by, (period.since_ms, period.until_ms), where))
    rows = ordered(found, sort, COLUMNS)
    return await visit.page(
        "quality.html",
        rows=rows[:MOST_ROWS],
        left_out=len(rows[MOST_ROWS:]),
        judged=sum(row.row.judged for row in found),
        dearest=max((row.nanos or 0 for row in found), default=0),
        by=by,
        groups=GROUPS,
        period=period,
        presets={preset: title for preset, (title, _) in PRESETS.items()},
        where=where,
        without=partial(without_filter, query),
        sort=sort,
    )


def _read(visit: Visit, by: str, times: tuple[int, int], where: Labels) -> tuple[Success, ...]:
    rows = visit.engine.history.outcomes(by=(by,), since_ms=times[0], until_ms=times[1], where=where)
    return tuple(map(cost_per_success, rows))
