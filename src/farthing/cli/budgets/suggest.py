"""`farthing budgets suggest`: budgets derived from what runs have cost, and the lines to paste."""

import json

import click

from farthing.budgets.suggest import FEWEST_RUNS, RunCost, Suggestion, suggest
from farthing.cli.options import as_json, open_store, since, with_settings
from farthing.cli.screen import dollars, say_json, screen, stamp, table
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.money import usd
from farthing.ports.records import UsageRow


@click.command("suggest")
@click.option("--by", default="workflow", show_default=True, metavar="LABEL", help="What makes runs comparable.")
@click.option(
    "--percentile", type=click.IntRange(50, 99), default=90, show_default=True, help="So many runs in a hundred fit."
)
@click.option(
    "--headroom", type=click.IntRange(0, 500), default=20, show_default=True, help="Per cent added on top of it."
)
@since("4w")
@with_settings
@as_json
def suggest_budgets(settings: Settings, by: str, percentile: int, headroom: int, since: int, as_json: bool) -> None:
    """A budget for each run of a workflow, from what such runs have cost.

    Runs are told apart by the label `run`. A suggestion says how many past runs it would have stopped; those whose cost
    is not known yet are left out.
    """
    until_ms = wall_ms()
    with open_store(settings) as store:
        rows = store.records.usage(by=(by, "run"), since_ms=until_ms - since, until_ms=until_ms + 1)
    runs = [_run(row) for row in rows if row.group[1]]
    found = suggest(runs, percentile=percentile, headroom_percent=headroom)
    if as_json:
        say_json(
            {
                "by": by,
                "percentile": percentile,
                "headroom_percent": headroom,
                "suggestions": [_plain(each) for each in found],
            }
        )
    elif not found:
        click.echo(
            f"no runs since {stamp(until_ms - since)}: calls carry them in `x-farthing-labels: {by}=…,run=…`, and "
            "`farthing run` gives one to whatever it starts"
        )
    else:
        _show(found, by, f"p{percentile} + {headroom} %")


def _run(row: UsageRow) -> RunCost:
    return RunCost(
        kind=row.group[0],
        nanos=row.cost_nanos,
        tokens=row.usage.input_tokens + row.usage.output_tokens,
        calls=row.attempts,
        open=bool(row.open or row.unpriced),
    )


def _show(found: tuple[Suggestion, ...], by: str, rule: str) -> None:
    head = (by, "runs", "p50", "p90", "p99", "most", rule, "would have stopped")
    screen().print(table(head, map(_row, found), right=range(1, len(head))))
    left_out = sum(each.left_out for each in found)
    if left_out:
        click.echo(f"\n{left_out:,} runs are left out: part of their cost is not known yet")
    lines = [line for each in found for line in _lines(each, by)]
    if lines:
        click.echo("\nFor farthing.toml:\n")
        click.echo("\n".join(lines))


def _row(each: Suggestion) -> tuple[str, ...]:
    if each.limit_nanos is None:
        wants = f"needs {FEWEST_RUNS} runs" if each.runs < FEWEST_RUNS else "costs nothing"
        end = (wants, "")
    else:
        end = (dollars(each.limit_nanos), f"{each.stopped:,} of {each.runs:,}")
    spread = (each.nanos.p50, each.nanos.p90, each.nanos.p99, each.nanos.most)
    return (each.kind or "(none)", f"{each.runs:,}", *map(dollars, spread), *end)


def _lines(each: Suggestion, by: str) -> list[str]:
    """A budget as the file takes it; none for runs that carry no such label, because nothing would match them."""
    if each.limit_nanos is None or not each.kind:
        return []
    name = f"{each.kind}, per run"
    return [
        "[[budgets]]",
        f"name = {json.dumps(name, ensure_ascii=False)}",
        f"match = {{ {by} = {json.dumps(each.kind, ensure_ascii=False)} }}",
        f'limit = "{usd(each.limit_nanos)} USD"',
        'window = "run"',
        f"# {each.stopped:,} of {each.runs:,} past runs would have been stopped",
        "",
    ]


def _plain(each: Suggestion) -> dict[str, object]:
    return {
        "group": each.kind,
        "runs": each.runs,
        "left_out": each.left_out,
        "cost_usd": {name: usd(getattr(each.nanos, name)) for name in each.nanos.__struct_fields__},
        "tokens": each.tokens,
        "calls": each.calls,
        "limit_usd": None if each.limit_nanos is None else usd(each.limit_nanos),
        "would_have_stopped": each.stopped,
    }
