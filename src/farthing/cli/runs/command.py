"""`farthing runs`: the lives of runs, and who may not call; in the store, with or without a gateway running."""

from typing import Any

import click
import msgspec

from farthing.accounts.run_paper import run_paper
from farthing.accounts.run_view import run_view
from farthing.cli.commands import Said
from farthing.cli.options import as_json, label_from, since, who, with_settings
from farthing.cli.past import Past, open_past
from farthing.cli.receipt.command import receipt_of_run
from farthing.cli.runs.retiring import restore, retire
from farthing.cli.runs.suspending import for_how_long, guards_of, plain, resume, suspend, why_so
from farthing.cli.screen import dollars, moment, say_json, screen, stamp, table
from farthing.config.engine import wall_ms
from farthing.config.guarding import guard_rules_of
from farthing.config.settings import Settings
from farthing.domain.money import usd
from farthing.domain.suspension import Subject
from farthing.guard.lifecycle import Runs
from farthing.guard.run import Phase
from farthing.ports.guards import Known, KnownRun
from farthing.ports.records import UsageRow

_SPOKEN = (Phase.ENDED, Phase.ORPHANED, Phase.LANDED)
"""Phases that what is stored tells by itself; whether a run calls now, only its gateway knows."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what is stored of it, and what its calls came to."""

    run: str
    phase: str
    known: KnownRun | None
    usage: tuple[UsageRow, ...]
    """By agent and model."""

    @property
    def calls(self) -> int:
        return sum(row.calls for row in self.usage)

    @property
    def cost_nanos(self) -> int:
        return sum(row.cost_nanos for row in self.usage)


@click.group(no_args_is_help=True)
def runs() -> None:
    """Runs: list, show, end; suspend and resume a run, a user, an agent.

    Changes are made in the store; a running gateway takes them up within half a second. Keys are suspended with
    `farthing keys suspend`.
    """


@runs.command()
@since("7d")
@with_settings
@as_json
def ls(settings: Settings, since: int, as_json: bool) -> None:
    """Runs that called lately or that somebody spoke for, and who is suspended."""
    with open_past(settings) as past, guards_of(settings) as guards:
        guards.bereave()
        known = guards.known()
        rows = _rows(past, known, since)
    suspended = [each for each in known.suspensions if each.in_force(wall_ms())]
    if as_json:
        say_json({"runs": [_plain(row) for row in rows], "suspensions": [plain(each) for each in suspended]})
        return
    if not rows and not suspended:
        click.echo("no runs: a call names its run with `x-farthing-labels: run=…`")
    if rows:
        head = ("run", "phase", "key", "below", "calls", "cost")
        screen().print(table(head, map(_line, rows), right=(4, 5)))
    for each in suspended:
        until = f" until {moment(each.until_ms)}" if each.until_ms else ""
        click.echo(f"{each.message}{until}")


@runs.command()
@click.argument("run")
@since("30d")
@with_settings
@as_json
def show(settings: Settings, run: str, since: int, as_json: bool) -> None:
    """The whole account of a run: its life, what it used by whom, what it saved, and what it came to."""
    with open_past(settings) as past, guards_of(settings) as guards:
        guards.bereave()
        rows = _rows(past, guards.known(), since, only=run)
        if not rows:
            raise Said(
                f"there is no run {run!r} in that time; `farthing runs ls` shows all, --since reaches further back"
            )
        (row,) = rows
        found = receipt_of_run(past.store, settings, run, row.calls)
    receipt = run_view(run, found)
    if as_json:
        say_json({**_plain(row), "receipt": receipt})
        return
    click.echo(f"{row.run}: {row.phase}, {row.calls} calls, {dollars(row.cost_nanos)}")
    for line in _life(row.known):
        click.echo(f"  {line}")
    if row.usage:
        head = ("agent", "model", "calls", "refused", "input", "output", "cost")
        screen().print(table(head, map(_usage_line, row.usage), right=(2, 3, 4, 5, 6)))
    click.echo(run_paper(receipt), nl=False)


@runs.command()
@click.argument("run")
@with_settings
@as_json
def end(settings: Settings, run: str, as_json: bool) -> None:
    """End a run: its calls, and those of the runs below it, are refused from now on."""
    with guards_of(settings, make=True) as guards:
        found = guards.end(run, by="", admin=True, who=who())
    if as_json:
        say_json({"run": found.name, "ended_at": stamp(found.ended_ms)})
    else:
        click.echo(f"run {run} has ended; `farthing runs resume {run}` lets it go on")


@runs.command("suspend")
@click.argument("run", required=False)
@click.option("--label", metavar="NAME=VALUE", help="Instead of a run: whoever carries this label, like user=ann.")
@for_how_long
@why_so
@with_settings
@as_json
def suspend_subject(
    settings: Settings, run: str | None, label: str | None, minutes: float | None, why: str, as_json: bool
) -> None:
    """Refuse the calls of a run, or of whoever carries a label, for a while or until they are resumed."""
    suspend(settings, _subject(run, label), minutes, why, as_json=as_json)


@runs.command("resume")
@click.argument("run", required=False)
@click.option("--label", metavar="NAME=VALUE", help="Instead of a run: whoever carries this label, like user=ann.")
@with_settings
@as_json
def resume_subject(settings: Settings, run: str | None, label: str | None, as_json: bool) -> None:
    """Let a run go on, whatever stopped it; or lift the suspension of whoever carries a label."""
    resume(settings, _subject(run, label), as_json=as_json)


runs.add_command(retire)
runs.add_command(restore)


def _subject(run: str | None, label: str | None) -> Subject:
    if (run is None) == (label is None):
        raise click.UsageError("name a run, or --label NAME=VALUE")
    return ("run", run) if run is not None else label_from(label or "")


def _rows(past: Past, known: Known, since: int, only: str | None = None) -> list[Row]:
    """Runs by name; the sums are of the time that was asked for."""
    now_ms = wall_ms()
    by_run: dict[str, list[UsageRow]] = {}
    for row in _usage(past, now_ms - since, now_ms + 1, only):
        by_run.setdefault(row.group[0], []).append(row)
    stored = {each.name: each for each in known.runs}
    register = Runs(guard_rules_of(past.settings).life)
    for each in known.runs:
        register.learn(each)
    names = sorted((by_run.keys() | stored.keys()) - {""}) if only is None else [only]
    rows = []
    for name in names:
        if name in by_run or name in stored:
            phase = register.phase(name, now_ms=now_ms)
            shown = phase.value if phase in _SPOKEN else "open"
            rows.append(Row(run=name, phase=shown, known=stored.get(name), usage=tuple(by_run.get(name, ()))))
    return rows


def _usage(past: Past, since_ms: int, until_ms: int, only: str | None) -> tuple[UsageRow, ...]:
    """By run, agent and model. One run is found by its sums; of all of them every call is looked at."""
    asked: dict[str, Any] = {"by": ("run", "agent", "model"), "since_ms": since_ms, "until_ms": until_ms}
    if only is None:
        return past.store.records.usage(**asked)
    return past.history.usage(where=(("run", only),), **asked)


def _life(known: KnownRun | None) -> list[str]:
    if known is None:
        return []
    lines = [f"announced {moment(known.started_ms)}" + (f" by key {known.owner}" if known.owner else "")]
    if known.parent:
        lines.append(f"belongs to run {known.parent}")
    if known.gone:
        lines.append("the program that opened it is gone")
    if known.beat_every_ms is not None:
        lines.append(
            f"promised a heartbeat every {known.beat_every_ms / 1_000:g} s; the last kept is {moment(known.beat_ms)}"
        )
    if known.landed:
        lines.append(f"had its last answer: {', '.join(agent or 'the run itself' for agent in known.landed)}")
    if known.ended_ms is not None:
        lines.append(f"ended {moment(known.ended_ms)}")
    return lines


def _line(row: Row) -> tuple[str, ...]:
    known = row.known
    owner, parent = ("", "") if known is None else (known.owner, known.parent)
    return (row.run, row.phase, owner, parent, f"{row.calls:,}", dollars(row.cost_nanos))


def _usage_line(row: UsageRow) -> tuple[str, ...]:
    usage = row.usage
    counts = (row.calls, row.refused, usage.input_tokens, usage.output_tokens)
    return (row.group[1], row.group[2], *(f"{count:,}" for count in counts), dollars(row.cost_nanos))


def _plain(row: Row) -> dict[str, object]:
    known = row.known
    return {
        "run": row.run,
        "phase": row.phase,
        "key": known.owner if known else None,
        "parent": known.parent if known else None,
        "started_at": stamp(known.started_ms) if known else None,
        "heartbeat_seconds": known.beat_every_ms / 1_000 if known and known.beat_every_ms is not None else None,
        "landed": known.landed if known else (),
        "ended_at": stamp(known.ended_ms) if known else None,
        "calls": row.calls,
        "cost_usd": usd(row.cost_nanos),
        "usage": [
            {
                "agent": each.group[1],
                "model": each.group[2],
                "calls": each.calls,
                "refused": each.refused,
                "input_tokens": each.usage.input_tokens,
                "output_tokens": each.usage.output_tokens,
                "cost_usd": usd(each.cost_nanos),
            }
            for each in row.usage
        ],
    }
