"""`farthing usage models`, `cache` and `workflows`: how calls, caches and runs are spread."""

from typing import Any

import click

from farthing.cli.options import as_json, with_settings
from farthing.cli.past import EVER, Past, grouped, open_past, time_span, where
from farthing.cli.report_words import about, percent, plain_success, said_cost
from farthing.cli.screen import dollars, say_json, screen, stamp, table
from farthing.cli.summing import no_sum
from farthing.config.settings import Settings
from farthing.domain.money import usd
from farthing.domain.ranks import Spread
from farthing.domain.record import Labels
from farthing.ports.history import RunRow
from farthing.reports.caches import CacheLine, over_time
from farthing.reports.models import ModelShare, distribution
from farthing.reports.workflows import Benchmark, benchmarks

RUNS_PAGE = 5_000
_BESIDE, _RATE_WIDTH = 20, 10
"""Columns of the screen that a group, and that one rate over time, may take."""


@click.command()
@grouped("model", "What to share out: model, or any labels.")
@time_span("7d")
@where
@with_settings
@no_sum
@as_json
def models(settings: Settings, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels, as_json: bool) -> None:
    """Which models take what share of calls, tokens and cost."""
    with open_past(settings, reads=(since_ms, until_ms)) as past:
        found = distribution(past.history.usage(by=by, since_ms=since_ms, until_ms=until_ms, where=where))
    if as_json:
        say_json({**_when(since_ms, until_ms), "by": by, "rows": [_plain_share(by, each) for each in found]})
    elif not found:
        click.echo(f"no calls since {stamp(since_ms)}")
    else:
        head = (*by, "calls", "of calls", "of tokens", "cost", "of cost", "per call")
        screen().print(table(head, map(_share_line, found), right=range(len(by), len(head))))


@click.command()
@grouped("model", "One line for each: model, workflow, or any labels.", most=3)
@time_span("7d")
@click.option("--step", type=click.Choice(("day", "hour")), default="day", show_default=True, help="Of time.")
@where
@with_settings
@no_sum
@as_json
def cache(settings: Settings, by: tuple[str, ...], step: str, as_json: bool, **asked: Any) -> None:
    """How much of the input was read from providers' caches, step by step.

    The rate is cached input tokens of all input tokens. Cached input costs a tenth to a half of the other.
    """
    with open_past(settings, reads=(asked["since_ms"], asked["until_ms"])) as past:
        found = over_time(past.history.usage(by=(*by, step), **asked))
    if as_json:
        rows = [_plain_cache(by, line) for line in found]
        say_json({**_when(asked["since_ms"], asked["until_ms"]), "by": by, "step": step, "rows": rows})
    elif not found:
        click.echo(f"no calls since {stamp(asked['since_ms'])}")
    else:
        _show_cache(by, found, step)


@click.command()
@click.option("--by", default="workflow", show_default=True, metavar="LABEL", help="What makes runs comparable.")
@time_span("30d")
@where
@with_settings
@no_sum
@as_json
def workflows(settings: Settings, by: str, since_ms: int, until_ms: int, where: Labels, as_json: bool) -> None:
    """What a run of each workflow usually costs, and what a success costs.

    Percentiles are of runs whose cost is wholly known; costs beside models are part of a run.
    """
    with open_past(settings, reads=EVER) as past:
        found = benchmarks(every_run(past, since_ms, until_ms, where), by)
    if as_json:
        say_json({**_when(since_ms, until_ms), "by": by, "rows": [_plain_benchmark(each) for each in found]})
    elif not found:
        click.echo(f"no runs since {stamp(since_ms)}: a call names its run with `x-farthing-labels: run=…`")
    else:
        head = (by, "runs", "p50", "p90", "p99", "cost", "a success")
        screen().print(table(head, map(_benchmark_line, found), right=range(1, len(head))))
        left_out = sum(each.left_out for each in found)
        if left_out:
            click.echo(f"{left_out:,} runs are in no percentile: part of their cost is not known yet")


def every_run(past: Past, since_ms: int, until_ms: int, where: Labels) -> tuple[RunRow, ...]:
    """All runs with a call in that time, page by page."""
    found: list[RunRow] = []
    while True:
        page = past.history.runs(since_ms=since_ms, until_ms=until_ms, where=where, limit=RUNS_PAGE, offset=len(found))
        found += page
        if len(page) < RUNS_PAGE:
            return tuple(found)


def _when(since_ms: int, until_ms: int) -> dict[str, object]:
    return {"since": stamp(since_ms), "until": stamp(until_ms)}


def _share_line(each: ModelShare) -> tuple[str, ...]:
    row = each.row
    return (
        *(value or "(none)" for value in row.group),
        f"{row.calls:,}",
        percent(each.calls),
        percent(each.tokens),
        dollars(row.cost_nanos),
        percent(each.cost),
        "–" if each.nanos_per_call is None else about(each.nanos_per_call),
    )


def _plain_share(by: tuple[str, ...], each: ModelShare) -> dict[str, object]:
    return {
        "group": dict(zip(by, each.row.group, strict=True)),
        "calls": each.row.calls,
        "cost_usd": usd(each.row.cost_nanos),
        "share_of_calls": each.calls,
        "share_of_tokens": each.tokens,
        "share_of_cost": each.cost,
        "usd_per_call": None if each.nanos_per_call is None else usd(each.nanos_per_call),
    }


def _show_cache(by: tuple[str, ...], found: tuple[CacheLine, ...], step: str) -> None:
    room = max((screen().width - _BESIDE - _BESIDE * len(by)) // _RATE_WIDTH, 1)
    steps = [name for name, _ in found[0].steps]
    head = (*by, "input", "cached", *(name[5:] for name in steps[-room:]))
    lines = [_cache_line(line, room) for line in found]
    screen().print(table(head, lines, right=range(len(by), len(head))))
    if len(steps) > room:
        click.echo(f"the last {room} of {len(steps)} {step}s; --json has all")


def _cache_line(line: CacheLine, room: int) -> tuple[str, ...]:
    rates = [percent(rate) for _, rate in line.steps[-room:]]
    group = (value or "(none)" for value in line.group)
    return (*group, f"{line.usage.input_tokens:,}", percent(line.rate), *rates)


def _plain_cache(by: tuple[str, ...], line: CacheLine) -> dict[str, object]:
    return {
        "group": dict(zip(by, line.group, strict=True)),
        "input_tokens": line.usage.input_tokens,
        "cache_read_input_tokens": line.usage.cache_read_input_tokens,
        "rate": line.rate,
        "steps": dict(line.steps),
    }


def _benchmark_line(each: Benchmark) -> tuple[str, ...]:
    spread = each.nanos
    return (
        each.kind or "(none)",
        f"{each.runs:,}",
        *map(about, (spread.p50, spread.p90, spread.p99)),
        dollars(each.cost_nanos),
        said_cost(each.success),
    )


def _plain_benchmark(each: Benchmark) -> dict[str, object]:
    def amounts(spread: Spread) -> dict[str, str]:
        return {name: usd(getattr(spread, name)) for name in spread.__struct_fields__}

    return {
        "group": each.kind,
        "runs": each.runs,
        "left_out": each.left_out,
        "run_usd": amounts(each.nanos),
        "run_tokens": each.tokens,
        "run_calls": each.calls,
        "cost_usd": usd(each.cost_nanos),
        "success": plain_success(each.success),
    }
