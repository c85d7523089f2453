"""Caches: how much of the input came from providers' caches, over time and by group; and writes that nobody read."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from operator import attrgetter

import msgspec

from farthing.config.engine import Engine
from farthing.dashboard.charts import MOST_SERIES, Chart, Series, is_hourly, seconds_of, steps_of, told
from farthing.dashboard.period import PRESETS, Period, period_of
from farthing.dashboard.tables import ordered, sort_of
from farthing.dashboard.visit import Answer, Visit
from farthing.domain.usage import Usage
from farthing.ports.history import MeterRow
from farthing.ports.records import UsageRow
from farthing.reports.caches import CacheLine, over_time
from farthing.reports.rates import cache_hit_rate, saved_nanos

GROUPS = ("model", "workflow")
CHOICES = ("model", "model and workflow")
"""The first is quick over any past; the second reads every sum of both."""
MOST_ROWS = 100
COLUMNS = {
    "input": attrgetter("usage.input_tokens"),
    "rate": attrgetter("rate"),
    "read": attrgetter("usage.cache_read_input_tokens"),
    "written": attrgetter("usage.cache_write_input_tokens"),
    "paid": attrgetter("written_picos"),
    "wasted": attrgetter("wasted_picos"),
    "saved": attrgetter("saved_nanos"),
}


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One model, or one workflow on one model."""

    names: tuple[str, ...]
    usage: Usage
    saved_nanos: int
    """Against the same with nothing read or written; negative where writing cost more than reading saved."""
    written_picos: int
    """What its writes cost."""

    @property
    def rate(self) -> float | None:
        return cache_hit_rate(self.usage)

    @property
    def unread_tokens(self) -> int:
        """Tokens that were written and, as far as sums can tell, never read: an estimate from below."""
        return max(self.usage.cache_write_input_tokens - self.usage.cache_read_input_tokens, 0)

    @property
    def wasted_picos(self) -> int:
        """What writing those cost."""
        written = self.usage.cache_write_input_tokens
        return self.written_picos * self.unread_tokens // written if written else 0


async def show(visit: Visit) -> Answer:
    """The page."""
    period, sort = period_of(visit.query, visit.now_ms, usual="30d"), sort_of(visit.query, COLUMNS)
    by = visit.query.one_of("by", CHOICES)
    await visit.engine.ledger.flush()
    groups, lines = await visit.read(partial(_read, visit.engine, period, GROUPS if by == CHOICES[1] else GROUPS[:1]))
    chart = _chart(lines, steps_of(period.since_ms, period.until_ms))
    rows = ordered(groups, sort, COLUMNS)
    return await visit.page(
        "caches.html",
        period=period,
        presets={preset: title for preset, (title, _) in PRESETS.items()},
        rows=rows[:MOST_ROWS],
        left_out=len(rows[MOST_ROWS:]),
        usage=total_of(groups),
        saved=sum(group.saved_nanos for group in groups),
        wasted=sum(group.wasted_picos for group in groups),
        chart=chart,
        sort=sort,
        by=by,
        choices=CHOICES,
    )


def total_of(groups: Sequence[Group]) -> Usage:
    """All of them together."""
    return Usage(**{name: sum(getattr(group.usage, name) for group in groups) for name in Usage.__struct_fields__})


def groups_of(rows: Sequence[UsageRow], meters: Sequence[MeterRow]) -> tuple[Group, ...]:
    """Each group with its part, by tokens, of what its model's cache writes cost; `meters` are by model alone, which is
    what their prices depend on. Groups without input are left out."""
    cost: dict[str, int] = defaultdict(int)
    tokens: dict[str, int] = defaultdict(int)
    for meter in meters:
        if meter.meter.startswith("cache_write"):
            cost[meter.group[0]] += meter.picos
            tokens[meter.group[0]] += meter.quantity
    return tuple(
        Group(
            names=row.group,
            usage=row.usage,
            saved_nanos=saved_nanos(row),
            written_picos=cost[model] * row.usage.cache_write_input_tokens // max(tokens[model], 1),
        )
        for row in rows
        if row.usage.input_tokens and (model := row.group[0]) is not None
    )


def _read(engine: Engine, period: Period, by: tuple[str, ...]) -> tuple[tuple[Group, ...], tuple[CacheLine, ...]]:
    history, since_ms, until_ms = engine.history, period.since_ms, period.until_ms
    step = "hour" if is_hourly(period.since_ms, period.until_ms) else "day"
    rows = history.usage(by=by, since_ms=since_ms, until_ms=until_ms)
    meters = history.meters(by=GROUPS[:1], since_ms=since_ms, until_ms=until_ms)
    steps = history.usage(by=("model", step), since_ms=since_ms, until_ms=until_ms)
    return groups_of(rows, meters), over_time(steps)


def _chart(lines: Sequence[CacheLine], steps: Sequence[str]) -> Chart | None:
    """Hit rates of the models with the most input."""
    drawn = [line for line in lines if line.rate is not None][:MOST_SERIES]
    if not drawn:
        return None
    series = []
    for line in drawn:
        rates = dict(line.steps)
        series.append(Series(line.group[0], tuple(rates.get(step) for step in steps)))
    return Chart(
        kind="line",
        unit="share",
        x=tuple(map(seconds_of, steps)),
        names=tuple(map(told, steps)),
        series=tuple(series),
        most=1.0,
    )
