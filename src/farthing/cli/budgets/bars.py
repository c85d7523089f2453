"""Budgets on the screen: a bar for each account, what is spent, held and left, and the same for programs."""

from collections.abc import Sequence

import click
from rich.table import Table
from rich.text import Text

from farthing.accounts.standing import BudgetStanding
from farthing.cli.screen import amount, bar, moment, quantity, screen, stamp, table
from farthing.domain.budget import Budget, Grant, Standing, Threshold
from farthing.domain.refusal import amount_text

FEW = 5
"""Accounts of one budget in a list of all; `show` has the rest."""
_RIGHT = (3, 4, 5, 6)


def show_all(found: Sequence[BudgetStanding]) -> None:
    """Every budget, its fullest accounts first."""
    rows: list[Sequence[str | Text]] = []
    for each in found:
        rows += _rows(each, each.lines[:FEW])
        hidden = len(each.lines) - FEW
        if hidden > 0:
            rows.append(("", Text(f"{hidden:,} more", style="dim"), "", "", "", "", "", ""))
    screen().print(_table(rows))
    _legend()


def show_one(found: BudgetStanding, grants: Sequence[Grant], file: str) -> None:
    """One budget in full."""
    for line in _rules(found.budget, file):
        click.echo(line)
    click.echo()
    screen().print(_table(_rows(found, found.lines)))
    for grant in grants:
        account = grant.account
        whose = account.value or account.window
        more = amount(account.unit, grant.amount)
        why = f": {grant.reason}" if grant.reason else ""
        click.echo(f"raised by {more} ({whose}) on {moment(grant.at_ms)} by {grant.by}{why}")
    _legend()


def plain(found: BudgetStanding, grants: Sequence[Grant] | None = None) -> dict[str, object]:
    """One budget for programs: amounts are decimal strings."""
    budget = found.budget
    made: dict[str, object] = {
        "name": budget.name,
        "source": budget.source,
        "match": dict(budget.match),
        "each": budget.each,
        "window": budget.window,
        "tz": budget.tz,
        "soft": [{"at": step.at_millionths / 1_000_000, "do": list(step.acts)} for step in budget.soft],
        "hard": budget.hard,
        "per_call": None if budget.per_call is None else amount_text(budget.money, budget.per_call),
        "per_output": budget.per_output,
        "limits": {unit.value: amount_text(unit, limit) for unit, limit in budget.limits},
        "accounts": [_plain(line) for line in found.lines],
    }
    if grants is not None:
        made["grants"] = [
            {
                "value": grant.account.value,
                "window": grant.account.window,
                "unit": grant.account.unit.value,
                "amount": amount_text(grant.account.unit, grant.amount),
                "by": grant.by,
                "reason": grant.reason,
                "at": stamp(grant.at_ms),
            }
            for grant in grants
        ]
    return made


def _table(rows: Sequence[Sequence[str | Text]]) -> Table:
    return table(("budget", "of", "", "spent", "held", "left", "limit", "until"), rows, right=_RIGHT)


def _rows(each: BudgetStanding, lines: Sequence[Standing]) -> list[Sequence[str | Text]]:
    return [_row(each.budget, line, first=place == 0) for place, line in enumerate(lines)]


def _row(budget: Budget, line: Standing, *, first: bool) -> Sequence[str | Text]:
    unit = line.account.unit
    limit, left = line.limit or 0, line.left or 0
    run = line.account.window.removeprefix("run:") if line.account.window.startswith("run:") else ""
    spent = quantity(unit, line.posted + line.unknown) + (" *" if line.unknown else "")
    return (
        budget.name if first else "",
        " ".join(filter(None, (line.account.value, run, "" if unit.currency else unit.value.replace("_", " ")))),
        bar(limit=limit, spent=line.posted, unknown=line.unknown, held=line.held),
        spent,
        quantity(unit, line.held) if line.held else "",
        quantity(unit, left),
        quantity(unit, limit),
        moment(line.closes_ms) if line.closes_ms else ("each run" if budget.window == "run" else ""),
    )


def _legend() -> None:
    screen().print(
        Text("█ spent  ▓ unknown (counts as spent, marked *)  ▒ held by calls in flight  · left", style="dim")
    )


def _rules(budget: Budget, file: str) -> list[str]:
    amounts = " and ".join(amount(unit, limit) for unit, limit in budget.limits)
    each = f" for each {budget.each}" if budget.each else ""
    match = ", ".join(f"{name}={value}" for name, value in budget.match) or "every call"
    zone = f" ({budget.tz})" if budget.window in ("hour", "day", "week", "month") else ""
    rules = [
        f"{budget.name}, from {file if budget.source == 'file' else 'the store'}",
        f"  limits   {amounts}{each}",
        f"  over     {match}",
        f"  window   {budget.window}{zone}",
        f"  hard     {budget.hard}; waits up to {budget.wait_seconds:g} s for money held by others",
        f"  floor    {budget.floor:,} output tokens; bound {budget.bound}; unknown outcomes {budget.unknown}",
    ]
    rules += [f"  soft     {_soft(step)}" for step in budget.soft]
    if budget.per_call is not None:
        rules.append(f"  per call {amount(budget.money, budget.per_call)} at most")
    if budget.per_output is not None:
        rules.append(f"  per call {budget.per_output:,} output tokens at most")
    if budget.was:
        rules.append(f"  was      {budget.was}: what was spent under that name counts here")
    return rules


def _soft(step: Threshold) -> str:
    return f"from {step.at_millionths / 10_000:g} %: {', '.join(step.acts)}"


def _plain(line: Standing) -> dict[str, object]:
    unit = line.account.unit
    return {
        "value": line.account.value,
        "window": line.account.window,
        "unit": unit.value,
        "limit": amount_text(unit, line.limit or 0),
        "spent": amount_text(unit, line.posted + line.unknown),
        "unknown": amount_text(unit, line.unknown),
        "reserved": amount_text(unit, line.held),
        "left": amount_text(unit, line.left or 0),
        "resets_at": stamp(line.closes_ms),
    }
