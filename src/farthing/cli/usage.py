"""`farthing usage`: who spent what, summed exactly over the calls on record."""

import csv
import sys
from functools import reduce

import click

from farthing.cli.options import as_json, names, open_store, since, with_settings
from farthing.cli.screen import dollars, say_json, screen, stamp, table
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.money import usd
from farthing.ports.records import UsageRow

_COLUMNS = (
    "calls",
    "refused",
    "input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "cost_usd",
    "estimated_usd",
    "unpriced",
    "open",
)


@click.command()
@click.option(
    "--by", default="model", show_default=True, metavar="A,B", help="Labels, or model, provider, key, outcome, day."
)
@since("7d")
@click.option("--format", "form", type=click.Choice(("table", "json", "csv")), default="table", show_default=True)
@as_json
@with_settings
def usage(settings: Settings, by: str, since: int, form: str, as_json: bool) -> None:
    """Who spent what: sums by label, model, key or day.

    Sums are exact. `estimated` is the part that a policy charged because the provider never said; `open` are attempts
    whose cost is not in the sums yet.
    """
    until_ms = wall_ms()
    groups = names(by)
    if not groups:
        raise click.UsageError("--by needs at least one name, like --by team,model")
    with open_store(settings) as store:
        rows = store.records.usage(by=groups, since_ms=until_ms - since, until_ms=until_ms + 1)
    if as_json or form == "json":
        span = {"since": stamp(until_ms - since), "until": stamp(until_ms)}
        say_json({**span, "by": groups, "rows": [_plain(groups, row) for row in rows]})
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow((*groups, *_COLUMNS))
        writer.writerows((*map(_safe, row.group), *_figures(row)) for row in rows)
    elif not rows:
        click.echo(f"no calls since {stamp(until_ms - since)}")
    else:
        _show(groups, rows)


def _show(groups: tuple[str, ...], rows: tuple[UsageRow, ...]) -> None:
    head = (*groups, "calls", "refused", "input tokens", "cached", "output tokens", "cost", "")
    shown = [
        _row(tuple(value or "(none)" for value in row.group), row)
        for row in sorted(rows, key=lambda row: -row.cost_nanos)
    ]
    whole = ("all", *[""] * (len(groups) - 1))
    shown.append(_row(whole, reduce(_plus, rows)))
    made = table(head, shown[:-1], right=range(len(groups), len(head) - 1))
    made.add_section()
    made.add_row(*shown[-1], style="bold")
    screen().print(made)


def _row(group: tuple[str, ...], row: UsageRow) -> tuple[str, ...]:
    notes = [f"{dollars(row.estimated_nanos)} estimated"] if row.estimated_nanos else []
    notes += [f"{row.unpriced:,} unpriced"] if row.unpriced else []
    notes += [f"{row.open:,} open"] if row.open else []
    return (
        *group,
        f"{row.calls:,}",
        f"{row.refused:,}",
        f"{row.usage.input_tokens:,}",
        f"{row.usage.cache_read_input_tokens:,}",
        f"{row.usage.output_tokens:,}",
        dollars(row.cost_nanos),
        ", ".join(notes),
    )


def _plus(one: UsageRow, other: UsageRow) -> UsageRow:
    """Both in one row; the usage keeps only what the table shows."""
    usage = type(one.usage)(
        input_tokens=one.usage.input_tokens + other.usage.input_tokens,
        output_tokens=one.usage.output_tokens + other.usage.output_tokens,
        cache_read_input_tokens=one.usage.cache_read_input_tokens + other.usage.cache_read_input_tokens,
    )
    counts = ("calls", "refused", "attempts", "cost_nanos", "remainder_picos", "estimated_nanos", "unpriced", "open")
    return UsageRow(group=(), usage=usage, **{name: getattr(one, name) + getattr(other, name) for name in counts})


def _figures(row: UsageRow) -> tuple[int | str, ...]:
    return (
        row.calls,
        row.refused,
        row.usage.input_tokens,
        row.usage.cache_read_input_tokens,
        row.usage.output_tokens,
        usd(row.cost_nanos),
        usd(row.estimated_nanos),
        row.unpriced,
        row.open,
    )


def _safe(text: str) -> str:
    """A label as a cell that no spreadsheet takes for a formula: callers choose labels."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _plain(groups: tuple[str, ...], row: UsageRow) -> dict[str, object]:
    return {"group": dict(zip(groups, row.group, strict=True)), **dict(zip(_COLUMNS, _figures(row), strict=True))}
