"""Budgets as people type them: options become a checked budget, text becomes an amount, a budget has its open windows."""

import os
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType

import click
import msgspec

from farthing.budgets.window import windows
from farthing.config.checks import problems_of
from farthing.config.convert import budgets_of
from farthing.config.reader import Reader
from farthing.config.settings import Budget as BudgetSettings
from farthing.config.settings import File
from farthing.config.values import Surroundings
from farthing.domain.budget import Budget, Unit, Window
from farthing.domain.money import parse_money

_COUNT = re.compile(r"(\d[\d_,]*)\s*(tokens?|calls?|input[_ ]tokens?|output[_ ]tokens?)?")
_SAID = {"token": Unit.TOKENS, "call": Unit.CALLS, "input_token": Unit.INPUT_TOKENS, "output_token": Unit.OUTPUT_TOKENS}

_AS_IN_THE_FILE: Mapping[str, str] = MappingProxyType({})


def budget_from(
    name: str,
    match: tuple[str, ...],
    soft: tuple[str, ...],
    given: Mapping[str, object],
    beside: File | None = None,
) -> Budget:
    """A budget from the options of `budgets set`, checked like one in the file `beside` it. Raises click.UsageError."""
    pairs: dict[str, object] = {"match": dict(_pair(text) for text in match)} if match else {}
    pairs |= {"soft": [_step(text) for text in soft]} if soft else {}
    (budget,) = budgets_of(File(budgets=(budget_settings(name, {**given, **pairs}, beside),)))
    return msgspec.structs.replace(budget, source="store")


def budget_settings(
    name: str, given: Mapping[str, object], beside: File | None = None, *, option: Mapping[str, str] = _AS_IN_THE_FILE
) -> BudgetSettings:
    """The same as the file's own value; options that are None were not given. `option` names those that are called
    otherwise than in the file."""
    raw = {"name": name} | {option: value for option, value in given.items() if value is not None}
    reader = Reader(Surroundings(os.environ, Path()))
    read = reader.table(BudgetSettings, raw, ())
    file = msgspec.structs.replace(beside or File(), budgets=() if read is None else (read,), keys=())
    problems = reader.problems or problems_of(file)
    if problems or read is None:
        raise click.UsageError("; ".join(f"{_option(problem.field, option)}{problem.message}" for problem in problems))
    return read


def amount_from(text: str, budget: Budget) -> tuple[Unit, int]:
    """`$5`, `5 EUR`, `100_000 tokens` or `20 calls` in the unit's base. A bare number is in the budget's only unit, or
    its money.

    Raises click.UsageError where it is no amount, or of a unit that the budget does not limit.
    """
    units = [unit for unit, _ in budget.limits]
    found = _COUNT.fullmatch(text.strip())
    said = found[2].rstrip("s").replace(" ", "_") if found and found[2] else ""
    if found and (said or (len(units) == 1 and not units[0].currency)):
        unit, amount = _SAID[said] if said else units[0], int(found[1].replace("_", "").replace(",", ""))
    else:
        unit, amount = _money(text, budget.money)
    if unit not in units:
        limited = ", ".join(unit.value for unit in units)
        raise click.UsageError(f"{budget.name!r} does not limit {unit.value}; it limits {limited}")
    if amount <= 0:
        raise click.UsageError("a budget is raised by more than nothing; `budgets set` or the file lowers it")
    return unit, amount


def present(budget: Budget, now_ms: int, run: str = "") -> tuple[Window, ...]:
    """The windows of a budget that are open now; none where each run has its own, unless the run is named."""
    if budget.window == "run" and not run:
        return ()
    return windows(budget.window, budget.tz, now_ms, run)


def _money(text: str, bare: Unit) -> tuple[Unit, int]:
    """An amount and its currency; a bare number is in `bare`."""
    named = "$" in text or text.rstrip()[-3:].isalpha()
    try:
        code, amount = parse_money(text)
    except ValueError as error:
        raise click.UsageError(f"{error}, '100000 tokens' or '20 calls'") from error
    return (Unit(code.lower()) if named else bare), amount


def _step(text: str) -> dict[str, object]:
    """`0.8=alert,downgrade` as the file has it; what is no share is told by the file's own rule."""
    at, mark, acts = text.partition("=")
    if not mark:
        raise click.UsageError(f"--soft {text!r} must be written share=act,act, like 0.8=alert,downgrade")
    try:
        share: object = Decimal(at)
    except InvalidOperation:
        share = at
    return {"at": share, "do": [act.strip() for act in acts.split(",")]}


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise click.UsageError(f"--match {text!r} must be written label=value, like team=support")
    return name, value


def _option(field: str, called: Mapping[str, str]) -> str:
    """`limit` as `--limit: `; "" where the problem is with the whole."""
    field = re.sub(r"^budgets\[0\]\.?", "", field)
    field = called.get(field, field)
    return f"--{field.replace('_', '-')}: " if field else ""
