"""`farthing usage burn`: how fast money goes, and where the month will end."""

from datetime import UTC, datetime
from typing import Any

import click

from farthing.cli.options import as_json, with_settings
from farthing.cli.past import open_past, where
from farthing.cli.report_words import about
from farthing.cli.screen import dollars, say_json, screen, stamp, table
from farthing.cli.summing import no_sum
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.money import usd
from farthing.domain.record import Labels
from farthing.reports.forecast import Burn, Forecast, burn, daily_of, span_of

_METHODS = {"level": "the mean of the last 7 days", "weekday": "the last 7 days and the pattern of the week"}


@click.command("burn")
@where
@with_settings
@no_sum
@as_json
def burn_rate(settings: Settings, where: Labels, as_json: bool) -> None:
    """Today, this month so far, and where it will end; days and months in UTC.

    The forecast says how it was made and between what the month ends four times in five.
    """
    now_ms = wall_ms()
    since_ms = span_of(now_ms)
    with open_past(settings, reads=(since_ms, now_ms + 1)) as past:
        rows = past.history.usage(by=("day",), since_ms=since_ms, until_ms=now_ms + 1, where=where)
    found = burn(daily_of(rows), now_ms)
    if as_json:
        say_json({"at": stamp(now_ms), **plain_burn(found)})
    else:
        _show(found, now_ms)


def _show(found: Burn, now_ms: int) -> None:
    week = "–" if found.week_mean_nanos is None else dollars(found.week_mean_nanos)
    lines = [
        ("today so far", dollars(found.today_nanos)),
        ("yesterday", dollars(found.yesterday_nanos)),
        ("a day of the last week", week),
        ("this month so far", dollars(found.month_nanos)),
    ]
    forecast = found.forecast
    if forecast is not None:
        lines.append(("today in all, about", about(forecast.today_nanos)))
        lines.append(("this month in all, about", about(forecast.month_nanos)))
        lines.append(("four times in five", f"{about(forecast.low_nanos)} to {about(forecast.high_nanos)}"))
    month = datetime.fromtimestamp(now_ms / 1_000, UTC).strftime("%B %Y, UTC")
    screen().print(table((month, "USD"), lines, right=(1,)))
    click.echo(_why(forecast) if forecast is not None else f"no forecast: {found.why_no_forecast}")


def _why(forecast: Forecast) -> str:
    return f"forecast from {forecast.days} whole days, by {_METHODS[forecast.method]}"


def plain_burn(found: Burn) -> dict[str, Any]:
    """For programs."""
    forecast = found.forecast
    return {
        "today_usd": usd(found.today_nanos),
        "yesterday_usd": usd(found.yesterday_nanos),
        "week_mean_usd": None if found.week_mean_nanos is None else usd(found.week_mean_nanos),
        "month_usd": usd(found.month_nanos),
        "forecast": None
        if forecast is None
        else {
            "method": forecast.method,
            "days": forecast.days,
            "today_usd": usd(forecast.today_nanos),
            "month_usd": usd(forecast.month_nanos),
            "low_usd": usd(forecast.low_nanos),
            "high_usd": usd(forecast.high_nanos),
        },
        "why_no_forecast": found.why_no_forecast,
    }
