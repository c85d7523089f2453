"""`farthing usage context`: how prompts grow from turn to turn of a run."""

import click

from farthing.cli.options import as_json, with_settings
from farthing.cli.past import open_past, time_span, where
from farthing.cli.progress import progress
from farthing.cli.report_words import percent
from farthing.cli.screen import bar, dollars, say_json, screen, stamp, table
from farthing.config.settings import Settings
from farthing.domain.money import usd
from farthing.domain.record import Labels
from farthing.reports.context import MOST_TURNS, Contexts, Turn
from farthing.reports.reading import calls, look

MOST_CALLS = 20_000
_SHOWN = 40


@click.command()
@time_span("7d")
@where
@click.option(
    "--most", type=click.IntRange(1), default=MOST_CALLS, show_default=True, help="Read at most so many calls."
)
@with_settings
@as_json
def context(settings: Settings, since_ms: int, until_ms: int, where: Labels, most: int, as_json: bool) -> None:
    """How prompts grow from turn to turn: input tokens of the n-th call of an agent in its run.

    Calls are told apart by the labels `run` and `agent`. The newest calls are read; the report says from when on.
    """
    found = Contexts()
    with open_past(settings) as past, progress("looking for calls", "reading calls") as told:
        records = past.store.records
        span = look(
            records,
            span_ms=(since_ms, until_ms),
            where=where,
            most=most,
            visit=lambda _: None,
            progress=told,
        )
        for record in calls(records, span.ids, told):
            found.take(record)
    turns = found.turns()
    if as_json:
        say_json(
            {
                "since": stamp(span.since_ms),
                "complete": span.complete,
                "calls": len(span.ids),
                "runs": found.runs,
                "turns": [_plain(turn) for turn in turns],
            }
        )
    elif not turns:
        click.echo(f"no runs since {stamp(since_ms)}: a call names its run with `x-farthing-labels: run=…`")
    else:
        _show(turns)
        click.echo(f"{found.runs:,} runs, {len(span.ids):,} calls since {stamp(span.since_ms)}")


def _show(turns: tuple[Turn, ...]) -> None:
    longest = max(turn.median_input_tokens for turn in turns)
    head = ("turn", "calls", "median input", "", "p90 input", "cached", "cost")
    lines = [
        (
            f"{turn.turn}{'+' if turn.turn == MOST_TURNS else ''}",
            f"{turn.calls:,}",
            f"{turn.median_input_tokens:,}",
            bar(limit=longest, spent=turn.median_input_tokens, unknown=0, held=0, width=12),
            f"{turn.p90_input_tokens:,}",
            percent(turn.cached),
            dollars(turn.nanos),
        )
        for turn in turns[:_SHOWN]
    ]
    screen().print(table(head, lines, right=(0, 1, 2, 4, 5, 6)))
    if len(turns) > _SHOWN:
        click.echo(f"the first {_SHOWN} of {len(turns)} turns; --json has all")


def _plain(turn: Turn) -> dict[str, object]:
    return {
        "turn": turn.turn,
        "calls": turn.calls,
        "median_input_tokens": turn.median_input_tokens,
        "p90_input_tokens": turn.p90_input_tokens,
        "cached": turn.cached,
        "cost_usd": usd(turn.nanos),
    }
