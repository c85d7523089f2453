"""Explore: sums of any groups over any time, as stacked series and a table, with everything in the address; CSV and JSON."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from farthing.accounts.attribution import LABEL_NAME
from farthing.config.engine import Engine
from farthing.dashboard.charts import MOST_SERIES, Chart, Unit, is_hourly, stacked, steps_of
from farthing.dashboard.filters import TIMES, names_of, where_of, with_filter, without_filter
from farthing.dashboard.forms import Query
from farthing.dashboard.period import PRESETS, Period, period_of
from farthing.dashboard.tables import Sort, ordered, sort_of
from farthing.dashboard.visit import Answer, Visit, see
from farthing.domain.money import usd
from farthing.domain.record import Labels
from farthing.ports.records import UsageRow
from farthing.reports.figures import FIGURES, Kind
from farthing.reports.rates import cache_hit_rate, saved_nanos, total

MOST_GROUPS = 3
MOST_ROWS = 100
MOST_FOUND = 2_000
"""Groups that a page is made of, the dearest; the files have them all."""
FEW = 12
"""Groups that are asked for over time all at once."""
LABELS_FROM = 200
"""So many of the latest calls say which labels there are."""
MEASURES: Mapping[str, tuple[str, Unit, Callable[[UsageRow], int]]] = {
    "cost": ("Cost", "usd", lambda row: row.cost_nanos),
    "calls": ("Calls", "count", lambda row: row.calls),
    "tokens": ("Tokens", "count", lambda row: row.usage.input_tokens + row.usage.output_tokens),
    "saved": ("Saved", "usd", saved_nanos),
}
COLUMNS: Mapping[str, Callable[[UsageRow], Any]] = {
    "cost": lambda row: row.cost_nanos,
    "calls": lambda row: row.calls,
    "refused": lambda row: row.refused,
    "input": lambda row: row.usage.input_tokens,
    "cached": lambda row: cache_hit_rate(row.usage),
    "output": lambda row: row.usage.output_tokens,
    "saved": saved_nanos,
    "group": lambda row: row.group,
}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, as the address says it."""

    by: tuple[str, ...]
    period: Period
    where: Labels
    measure: str
    sort: Sort

    @classmethod
    def of(cls, query: Query, now_ms: int) -> "Question":
        said = [name for name in dict.fromkeys(query.every("by")) if LABEL_NAME.fullmatch(name)]
        return cls(
            by=tuple(said[:MOST_GROUPS]) or ("model",),
            period=period_of(query, now_ms),
            where=where_of(query),
            measure=query.one_of("measure", tuple(MEASURES)),
            sort=sort_of(query, COLUMNS),
        )


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    rows: tuple[UsageRow, ...]
    cut: bool
    """There are more groups than were asked for."""
    whole: UsageRow
    chart: Chart | None
    names: tuple[str, ...]


async def show(visit: Visit) -> Answer:
    """The page. A filter that is being added becomes part of the address first."""
    name, value = visit.query.first("add"), visit.query.first("is").strip()
    if value and LABEL_NAME.fullmatch(name):
        clean = Query(tuple(pair for pair in visit.query.pairs if pair[0] not in ("add", "is")))
        return see(f"{visit.path}?{with_filter(clean, name, value)}")
    question = Question.of(visit.query, visit.now_ms)
    await visit.engine.ledger.flush()
    found = await visit.read(partial(read, visit.engine, question))
    rows = ordered(found.rows, question.sort, COLUMNS)
    return await visit.page(
        "explore.html",
        question=question,
        found=found,
        rows=rows[:MOST_ROWS],
        left_out=len(rows[MOST_ROWS:]),
        presets={name: title for name, (title, _) in PRESETS.items()},
        measures={name: title for name, (title, _, _) in MEASURES.items()},
        drill=partial(_drill, visit.query),
        without=partial(without_filter, visit.query),
        address=visit.query.having(),
    )


async def as_csv(visit: Visit) -> Answer:
    """The table as a file, every row and every figure."""
    return await _download(visit, "csv", "text/csv; charset=utf-8", _csv)


async def as_json(visit: Visit) -> Answer:
    """The same for programs; amounts are decimal strings of dollars."""
    return await _download(visit, "json", "application/json", _json)


def read(engine: Engine, question: Question, most: int = MOST_FOUND) -> Found:
    """Blocking. Beyond `most` groups only the dearest are asked for; the whole is of all."""
    period = question.period
    ask = partial(engine.history.usage, since_ms=period.since_ms, until_ms=period.until_ms, where=question.where)
    rows = ask(by=question.by, limit=most)
    cut = len(rows) == most
    series = next((name for name in question.by if name not in TIMES), "model")
    step = "hour" if is_hourly(period.since_ms, period.until_ms) else "day"
    steps = steps_of(period.since_ms, period.until_ms)
    return Found(
        rows=rows,
        cut=cut,
        whole=total(ask(by=()) if cut else rows),
        chart=_drawn(ask, rows, question, (series, step), steps),
        names=names_of(engine.records.recent(limit=LABELS_FROM)),
    )


def _drawn(
    ask: Callable[..., tuple[UsageRow, ...]],
    rows: tuple[UsageRow, ...],
    question: Question,
    by: tuple[str, str],
    steps: tuple[str, ...],
) -> Chart | None:
    """Of many groups only the largest are asked for over time, one by one: the others are what is left of the whole."""
    if by[0] not in question.by:
        return _chart(ask(by=by), question, steps)
    value = MEASURES[question.measure][2]
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.group[question.by.index(by[0])]] += max(value(row), 0)
    if len(sums) <= FEW or by[0] in dict(question.where):
        return _chart(ask(by=by), question, steps)
    largest = sorted(sums, key=lambda name: (-sums[name], name))[:MOST_SERIES]
    found = {name: _by_step(ask(by=by[1:], where=_and(question.where, by[0], name)), value) for name in largest}
    whole = _by_step(ask(by=by[1:]), value)
    named = {name or "(none)": steps_of_it for name, steps_of_it in found.items()}
    rest = {step: whole.get(step, 0) - sum(each.get(step, 0) for each in found.values()) for step in steps}
    return stacked(named, steps, unit=MEASURES[question.measure][1], rest=(len(sums) - len(largest), rest))


def _by_step(rows: tuple[UsageRow, ...], value: Callable[[UsageRow], int]) -> dict[str, int]:
    return {row.group[0]: max(value(row), 0) for row in rows}


def _and(where: Labels, name: str, value: str) -> Labels:
    return tuple(sorted((*where, (name, value))))


def _chart(rows: tuple[UsageRow, ...], question: Question, steps: tuple[str, ...]) -> Chart | None:
    _, unit, value = MEASURES[question.measure]
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        groups[row.group[0] or "(none)"][row.group[1]] = max(value(row), 0)
    return stacked(groups, steps, unit=unit)


def _drill(query: Query, name: str, value: str) -> str:
    """One more filter; where every group is then filtered, the model of what is left."""
    return with_filter(query, name, value)


async def _download(
    visit: Visit, ending: str, kind: str, write: Callable[[Question, tuple[UsageRow, ...]], bytes]
) -> Answer:
    question = Question.of(visit.query, visit.now_ms)
    await visit.engine.ledger.flush()
    period = question.period

    def work() -> bytes:
        rows = visit.engine.history.usage(
            by=question.by, since_ms=period.since_ms, until_ms=period.until_ms, where=question.where
        )
        return write(question, ordered(rows, question.sort, COLUMNS))

    name = f"farthing-{'-'.join(question.by)}-{period.first}-{period.last}.{ending}"
    disposition = (b"content-disposition", f'attachment; filename="{name}"'.encode("ascii"))
    return Answer(body=await visit.read(work), content_type=kind, headers=(disposition,))


def _figures(row: UsageRow) -> dict[str, int | float | str | None]:
    return {
        figure.name: usd(int(value))
        if figure.kind is Kind.USD and (value := figure.of(row)) is not None
        else figure.of(row)
        for figure in FIGURES
    }


def _json(question: Question, rows: tuple[UsageRow, ...]) -> bytes:
    told = [{"group": dict(zip(question.by, row.group, strict=True)), **_figures(row)} for row in rows]
    return msgspec.json.format(msgspec.json.encode({"by": question.by, "where": dict(question.where), "rows": told}))


def _csv(question: Question, rows: tuple[UsageRow, ...]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*question.by, *(figure.name for figure in FIGURES)])
    for row in rows:
        writer.writerow([*map(_harmless, row.group), *_figures(row).values()])
    return text.getvalue().encode("utf-8", "replace")


def _harmless(value: str) -> str:
    """A name of others' that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
