"""The overview: today, the month and where it goes, every budget, what was saved and refused; live."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec

from farthing.config.engine import Engine
from farthing.dashboard import standing
from farthing.dashboard.charts import DAY_MS, Chart, stacked, steps_of
from farthing.dashboard.visit import Answer, Visit, see
from farthing.ports.alerts import Alert
from farthing.ports.approvals import PENDING, Approval
from farthing.ports.records import CallSummary, UsageRow
from farthing.reports.forecast import PAST_DAYS, Burn, burn, daily_of
from farthing.reports.rates import saved_nanos, total
from farthing.reports.success import Success, cost_per_success

DRAWN_DAYS = 30
LATEST = 8
MOST_BUDGETS = 12


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the overview shows, as of one moment."""

    burn: Burn
    month: UsageRow
    """Of this month so far."""
    today: UsageRow
    success: Success | None
    budgets: int
    lines: tuple[standing.Line, ...]
    """Of the fullest."""
    calls: tuple[CallSummary, ...]
    alerts: tuple[Alert, ...]
    approvals: tuple[Approval, ...]
    chart: Chart | None
    models: tuple[str, ...]
    now_ms: int

    @property
    def saved(self) -> int:
        """This month, in nano-dollars."""
        return saved_nanos(self.month)


async def home(visit: Visit) -> Answer:
    """`/` leads to the page: our cookie is sent below `/dashboard` only."""
    rest = visit.query.having()
    return see(f"/dashboard?{rest}" if rest else "/dashboard")


async def show(visit: Visit) -> Answer:
    """The page; for somebody who has no call yet, how to make the first one."""
    facts = await facts_of(visit)
    if not facts.calls:
        return await visit.page("welcome.html", clients=clients(visit), facts=facts)
    return await visit.page("overview.html", facts=facts)


async def live(visit: Visit) -> Answer:
    """The part that changes by itself; where the first call has come, the whole page."""
    facts = await facts_of(visit)
    if visit.query.first("waiting"):
        headers = ((b"hx-refresh", b"true"),) if facts.calls else ()
        return Answer(status=200 if facts.calls else 204, headers=headers)
    return await visit.page("overview_live.html", facts=facts)


async def facts_of(visit: Visit) -> Facts:
    """Read once for everybody who looks at this moment."""

    async def read_all() -> Facts:
        await visit.engine.ledger.flush()
        return await visit.read(partial(read, visit.engine, visit.now_ms))

    found: Facts = await visit.house.shared.get("overview", visit.now_ms, read_all)
    return found


def read(engine: Engine, now_ms: int) -> Facts:
    """All of it. Blocking."""
    today = now_ms // DAY_MS * DAY_MS
    month = int(datetime.fromtimestamp(now_ms // 1_000, UTC).replace(day=1, hour=0, minute=0, second=0).timestamp())
    rows = engine.history.usage(
        by=("model", "day"), since_ms=min(today - PAST_DAYS * DAY_MS, month * 1_000), until_ms=now_ms + 1
    )
    room = standing.read(engine, now_ms)
    lines = sorted(room.lines, key=lambda line: line.share, reverse=True)
    chart = _chart(rows, now_ms)
    return Facts(
        burn=burn(daily_of(rows), now_ms),
        month=total(_since(rows, _day(month * 1_000))),
        today=total(_since(rows, _day(now_ms))),
        success=_success(engine, month * 1_000, now_ms),
        budgets=len(room.every),
        lines=tuple(lines[:MOST_BUDGETS]),
        calls=engine.records.recent(limit=LATEST),
        alerts=engine.store.outbox.recent(limit=5, firing=True),
        approvals=engine.store.approvals.recent(limit=5, now_ms=now_ms, state=PENDING),
        chart=chart,
        models=tuple(series.label for series in chart.series) if chart else (),
        now_ms=now_ms,
    )


def clients(visit: Visit) -> tuple[tuple[str, str], ...]:
    """Lines to paste, for each client that the configured providers can serve."""
    formats = {provider.format for provider in visit.engine.rules.providers}
    found = []
    if "openai" in formats:
        found += [
            ("OpenAI SDK, LangChain, Agents SDK, …", f"export OPENAI_BASE_URL={visit.calls_at}/v1"),
            ("Codex", f'codex -c openai_base_url="{visit.calls_at}/v1"'),
        ]
    if "anthropic" in formats:
        found += [
            ("Anthropic SDK", f"export ANTHROPIC_BASE_URL={visit.calls_at}"),
            ("Claude Code", f"ANTHROPIC_BASE_URL={visit.calls_at} claude"),
        ]
    if "gemini" in formats:
        found.append(("Google Gen AI SDK", f"export GOOGLE_GEMINI_BASE_URL={visit.calls_at}"))
    return tuple(found)


def _success(engine: Engine, since_ms: int, now_ms: int) -> Success | None:
    rows = engine.history.outcomes(by=(), since_ms=since_ms, until_ms=now_ms + 1)
    return cost_per_success(rows[0]) if rows and rows[0].judged else None


def _chart(rows: Sequence[UsageRow], now_ms: int) -> Chart | None:
    steps = steps_of(now_ms - (DRAWN_DAYS - 1) * DAY_MS, now_ms + 1)
    models: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        if row.group[1] in steps:
            models[row.group[0]][row.group[1]] = row.cost_nanos
    return stacked(models, steps, unit="usd")


def _since(rows: Sequence[UsageRow], day: str) -> list[UsageRow]:
    return [row for row in rows if row.group[-1] >= day]


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1_000, UTC).date().isoformat()
