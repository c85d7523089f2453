"""Reports as the admin side shows them: amounts as decimal strings, shares from 0 to 1, null where there is nothing to say."""

from datetime import datetime
from typing import Any

import msgspec

from farthing.domain.money import usd
from farthing.domain.usage import Usage
from farthing.ports.records import UsageRow
from farthing.reports.caches import CacheLine
from farthing.reports.context import Turn
from farthing.reports.division import Division
from farthing.reports.forecast import Burn
from farthing.reports.models import ModelShare
from farthing.reports.rates import cache_hit_rate, saved_nanos, saved_share, share

Group = dict[str, str]


class UsageSums(msgspec.Struct, frozen=True, kw_only=True):
    """Exact sums."""

    calls: int
    refused: int
    attempts: int
    usage: Usage
    cache_hit_rate: float | None
    """Input that was read from a provider's cache, of all input."""
    cost_usd: str
    naive_usd: str
    """What the same calls would have cost as they were asked."""
    saved_usd: str
    """`naive_usd` minus `cost_usd`; negative where it cost extra."""
    saved_share: float | None
    estimated_usd: str
    """The part of `cost_usd` that a policy charged."""
    unpriced: int
    open: int
    """Attempts whose cost is not in the sums yet."""


class UsageLine(UsageSums, frozen=True, kw_only=True):
    """The sums of one group."""

    group: Group


class ModelLine(msgspec.Struct, frozen=True, kw_only=True):
    """One group's part of the whole."""

    group: Group
    calls: int
    cost_usd: str
    share_of_calls: float | None
    share_of_tokens: float | None
    share_of_cost: float | None
    usd_per_call: str | None


class CacheView(msgspec.Struct, frozen=True, kw_only=True):
    """The hit rates of one group."""

    group: Group
    input_tokens: int
    cache_read_input_tokens: int
    rate: float | None
    steps: dict[str, float | None]
    """By day or hour; null where there was no input."""


class ForecastView(msgspec.Struct, frozen=True, kw_only=True):
    """Where the month will end."""

    method: str
    """`level` or `weekday`."""
    days: int
    """Whole days it learned from."""
    today_usd: str
    month_usd: str
    low_usd: str
    high_usd: str
    """The month ends between these four times in five."""


class BurnView(msgspec.Struct, frozen=True, kw_only=True):
    """How fast money goes; days and months in UTC."""

    today_usd: str
    yesterday_usd: str
    week_mean_usd: str | None
    month_usd: str
    forecast: ForecastView | None
    why_no_forecast: str


class ContextTurn(msgspec.Struct, frozen=True, kw_only=True):
    """All calls that were the n-th of their agent and run."""

    turn: int
    calls: int
    median_input_tokens: int
    p90_input_tokens: int
    cached: float | None
    cost_usd: str


class DriverLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one group spent for one driver."""

    group: Group
    driver: str
    calls: int
    cost_usd: str
    share: float | None


class DriverReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every nano-dollar under exactly one driver: the rows sum to `cost_usd`."""

    since: datetime
    """What is really covered: later than was asked for where there were more calls than `most`."""
    until: datetime
    by: tuple[str, ...]
    complete: bool
    calls: int
    calls_in_runs: int
    cost_usd: str
    rows: tuple[DriverLine, ...]


def usage_line(by: tuple[str, ...], row: UsageRow) -> UsageLine:
    return UsageLine(group=_group(by, row.group), **_sums(row))


def usage_sums(row: UsageRow) -> UsageSums:
    return UsageSums(**_sums(row))


def model_line(by: tuple[str, ...], each: ModelShare) -> ModelLine:
    return ModelLine(
        group=_group(by, each.row.group),
        calls=each.row.calls,
        cost_usd=usd(each.row.cost_nanos),
        share_of_calls=each.calls,
        share_of_tokens=each.tokens,
        share_of_cost=each.cost,
        usd_per_call=_maybe(each.nanos_per_call),
    )


def cache_view(by: tuple[str, ...], line: CacheLine) -> CacheView:
    return CacheView(
        group=_group(by, line.group),
        input_tokens=line.usage.input_tokens,
        cache_read_input_tokens=line.usage.cache_read_input_tokens,
        rate=line.rate,
        steps=dict(line.steps),
    )


def burn_view(found: Burn) -> BurnView:
    names = ("today_nanos", "yesterday_nanos", "month_nanos")
    amounts = {name.replace("nanos", "usd"): usd(getattr(found, name)) for name in names}
    return BurnView(
        **amounts,
        week_mean_usd=_maybe(found.week_mean_nanos),
        forecast=_forecast(found),
        why_no_forecast=found.why_no_forecast,
    )


def _forecast(found: Burn) -> ForecastView | None:
    forecast = found.forecast
    if forecast is None:
        return None
    names = ("today_nanos", "month_nanos", "low_nanos", "high_nanos")
    amounts = {name.replace("nanos", "usd"): usd(getattr(forecast, name)) for name in names}
    return ForecastView(method=forecast.method, days=forecast.days, **amounts)


def turn_view(turn: Turn) -> ContextTurn:
    return ContextTurn(
        turn=turn.turn,
        calls=turn.calls,
        median_input_tokens=turn.median_input_tokens,
        p90_input_tokens=turn.p90_input_tokens,
        cached=turn.cached,
        cost_usd=usd(turn.nanos),
    )


def driver_lines(by: tuple[str, ...], found: Division) -> tuple[DriverLine, ...]:
    return tuple(
        DriverLine(
            group=_group(by, row.group),
            driver=row.driver.value,
            calls=row.calls,
            cost_usd=usd(row.nanos),
            share=share(row.nanos, found.nanos),
        )
        for row in found.rows
    )


def _sums(row: UsageRow) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("calls", "refused", "attempts", "usage", "unpriced", "open")},
        "cache_hit_rate": cache_hit_rate(row.usage),
        "cost_usd": usd(row.cost_nanos),
        "naive_usd": usd(row.naive_nanos),
        "saved_usd": usd(saved_nanos(row)),
        "saved_share": saved_share(row),
        "estimated_usd": usd(row.estimated_nanos),
    }


def _group(by: tuple[str, ...], group: tuple[str, ...]) -> Group:
    return dict(zip(by, group, strict=True))


def _maybe(nanos: int | None) -> str | None:
    return None if nanos is None else usd(nanos)
