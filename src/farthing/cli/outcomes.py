"""`farthing outcomes`: what runs came to, what they cost beside models, and what a success costs."""

import click

from farthing.accounts.attribution import flaw_of
from farthing.cli.options import as_json, who, with_settings
from farthing.cli.past import EVER, grouped, open_past, time_span, where
from farthing.cli.report_words import percent, plain_success, said_cost, said_interval, said_rate
from farthing.cli.screen import dollars, moment, say_json, screen, stamp, table
from farthing.cli.summing import no_sum
from farthing.config.engine import wall_ms
from farthing.config.settings import Settings
from farthing.domain.money import parse_usd, usd
from farthing.domain.record import Labels
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.reports.success import LEAST_SUCCESSES, Success, cost_per_success


@click.group(no_args_is_help=True)
def outcomes() -> None:
    """Outcomes: what runs came to, their other costs, what a success costs."""


@outcomes.command("set")
@click.argument("run")
@click.option("--success/--fail", default=None, help="What it came to.")
@click.option("--score", type=click.FloatRange(0, 1), help="How well, from 0 to 1.")
@click.option("--note", default="", help="A few words on why; never content.")
@with_settings
@as_json
def set_outcome(
    settings: Settings, run: str, success: bool | None, score: float | None, note: str, as_json: bool
) -> None:
    """Say what RUN came to. A later word replaces an earlier one; the audit keeps both."""
    if success is None:
        raise click.UsageError("say --success or --fail")
    outcome = Outcome(run=_run(run), at_ms=wall_ms(), success=success, score=score, by=who(), note=_note(note))
    with open_past(settings, make=True) as past:
        past.outcomes.judge(outcome)
    if as_json:
        say_json(plain_outcome(outcome))
    else:
        click.echo(f"run {run} {_word(outcome)}")


@outcomes.command()
@click.argument("run")
@click.argument("amount")
@click.option("--kind", default="tool", show_default=True, help="tool, search, compute, or a word of your own.")
@click.option("--once", default="", metavar="WORD", help="The same word on the same run is booked once.")
@click.option("--note", default="", help="A few words on what for; never content.")
@with_settings
@as_json
def cost(settings: Settings, run: str, amount: str, kind: str, once: str, note: str, as_json: bool) -> None:
    """Book AMOUNT (like 0.05) that RUN cost beside models: a paid tool, a search, a machine.

    It is part of the run's cost in reports and bills; it is in no budget.
    """
    try:
        nanos = parse_usd(amount)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="AMOUNT") from error
    if not 0 < len(kind) <= 40 or len(once) > 200:
        raise click.UsageError("--kind has 1 to 40 characters, --once at most 200")
    booked = OtherCost(run=_run(run), at_ms=wall_ms(), kind=kind, nanos=nanos, by=who(), note=_note(note), once=once)
    with open_past(settings, make=True) as past:
        new = past.outcomes.book(booked)
    if as_json:
        say_json({**plain_cost(booked), "booked": new})
    else:
        click.echo(f"{dollars(nanos)} booked on run {run}" if new else f"{once!r} was booked on run {run} before")


@outcomes.command()
@click.argument("run")
@with_settings
@as_json
def show(settings: Settings, run: str, as_json: bool) -> None:
    """What is known of RUN: its outcome, and its costs beside models."""
    with open_past(settings) as past:
        outcome, costs = past.outcomes.of(run)
    if as_json:
        found = None if outcome is None else plain_outcome(outcome)
        say_json({"run": run, "outcome": found, "costs": [plain_cost(each) for each in costs]})
        return
    click.echo(f"run {run} {_word(outcome)}" if outcome else f"nobody has said what run {run} came to")
    if outcome is not None:
        said = f"  said {moment(outcome.at_ms)} by {outcome.by}"
        click.echo(f"{said}: {outcome.note}" if outcome.note else said)
    if costs:
        head = ("when", "kind", "cost", "by", "note")
        lines = [(moment(each.at_ms), each.kind, dollars(each.nanos), each.by, each.note) for each in costs]
        screen().print(table(head, lines, right=(2,)))


@outcomes.command()
@grouped("workflow", "Labels, or model, prompt (the version of system prompt and tools), key.")
@time_span("30d")
@where
@with_settings
@no_sum
@as_json
def report(settings: Settings, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels, as_json: bool) -> None:
    """What a success costs: all judged runs, failures included, for each run that succeeded.

    Runs count by their first call. Intervals are 95 %.
    """
    with open_past(settings, reads=EVER) as past:
        rows = past.history.outcomes(by=by, since_ms=since_ms, until_ms=until_ms, where=where)
    found = sorted(map(cost_per_success, rows), key=lambda each: (-each.row.judged_nanos, each.row.group))
    if as_json:
        lines = [{"group": dict(zip(by, each.row.group, strict=True)), **plain_success(each)} for each in found]
        say_json({"since": stamp(since_ms), "until": stamp(until_ms), "by": by, "rows": lines})
    elif not found:
        click.echo(f"no runs since {stamp(since_ms)}: a call names its run with `x-farthing-labels: run=…`")
    else:
        _show(by, found)


def _show(by: tuple[str, ...], found: list[Success]) -> None:
    head = (*by, "judged", "success", "cost each", "95 %", "failures", "score")
    screen().print(table(head, map(_line, found), right=range(len(by), len(head))))
    if any(each.row.judged and each.low_nanos is None for each in found):
        click.echo(f"too few: an interval needs {LEAST_SUCCESSES} successes")
    runs, judged = sum(each.row.runs for each in found), sum(each.row.judged for each in found)
    if judged < runs:
        click.echo(f"{runs - judged:,} of {runs:,} runs were judged by nobody: `farthing outcomes set RUN --success`")


def _line(each: Success) -> tuple[str, ...]:
    row = each.row
    return (
        *(value or "(none)" for value in row.group),
        f"{row.judged:,} of {row.runs:,}",
        said_rate(each),
        said_cost(each),
        said_interval(each) if row.judged else "–",
        dollars(each.failed_nanos),
        percent(each.mean_score),
    )


def plain_outcome(outcome: Outcome) -> dict[str, object]:
    """For programs."""
    return {
        "run": outcome.run,
        "at": stamp(outcome.at_ms),
        "success": outcome.success,
        "score": outcome.score,
        "by": outcome.by,
        "note": outcome.note,
    }


def plain_cost(cost: OtherCost) -> dict[str, object]:
    """For programs."""
    return {
        "run": cost.run,
        "at": stamp(cost.at_ms),
        "kind": cost.kind,
        "cost_usd": usd(cost.nanos),
        "by": cost.by,
        "note": cost.note,
        "once": cost.once,
    }


def _word(outcome: Outcome) -> str:
    word = "succeeded" if outcome.success else "failed"
    return word if outcome.score is None else f"{word}, score {outcome.score:g}"


def _run(run: str) -> str:
    flaw = flaw_of("run", run)
    if flaw:
        raise click.BadParameter(f"{run[:80]!r} cannot name a run: {flaw}", param_hint="RUN")
    return run


def _note(note: str) -> str:
    if len(note) > 200:
        raise click.BadParameter("a note has at most 200 characters", param_hint="--note")
    return note
