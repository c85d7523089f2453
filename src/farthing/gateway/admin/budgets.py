"""Budgets over HTTP: list with how they stand, make, replace, remove, and raise for the present window."""

import asyncio

import msgspec

from farthing.accounts.standing import standings
from farthing.budgets.window import windows
from farthing.config.convert import budgets_of
from farthing.config.engine import Engine
from farthing.config.settings import Budget as BudgetSettings
from farthing.config.settings import File
from farthing.config.wiring import budgets_in_force
from farthing.domain.budget import AccountKey, Budget, Grant, Unit, Window
from farthing.domain.errors import BadRequest
from farthing.gateway.admin.budget_views import (
    BudgetList,
    BudgetRules,
    BudgetView,
    NewBudget,
    RaiseBudget,
    RemovedBudget,
    view,
)
from farthing.gateway.admin.endpoint import Asked, Endpoint, conflict, missing
from farthing.gateway.admin.reading import as_in_the_file
from farthing.gateway.admin.shown import amount_in

LONGEST_WAIT_SECONDS = 3_600
_FIELDS = {"limit": "limits", **{unit.value: f"limits.{unit.value}" for unit in Unit}}
"""The file's words for limits, as the request has them."""


async def list_budgets(asked: Asked) -> BudgetList:
    return BudgetList(await _views(asked.engine))


async def show_budget(asked: Asked) -> BudgetView:
    """Raises BadRequest 404."""
    return await _view(asked.engine, asked.named["name"])


async def make_budget(asked: Asked) -> BudgetView:
    """Raises BadRequest 409 where there is one of that name."""
    wanted: NewBudget = asked.body
    if any(budget.name == wanted.name for budget in await _in_force(asked.engine)):
        raise conflict(f"there is a budget {wanted.name!r} already; PUT replaces it", "name")
    return await _put(asked, wanted.name, wanted)


async def put_budget(asked: Asked) -> BudgetView:
    """Make or replace. Raises BadRequest 409 for a budget of the file."""
    return await _put(asked, asked.named["name"], asked.body)


async def remove_budget(asked: Asked) -> RemovedBudget:
    """What it counted stays on record. Raises BadRequest 404, 409 for a budget of the file."""
    engine, name = asked.engine, asked.named["name"]
    _refuse_files(engine, name)
    stored = await asyncio.to_thread(engine.directory.load)
    if all(budget.name != name for budget in stored.budgets):
        raise missing("stored budget", name)
    await asyncio.to_thread(engine.directory.remove_budget, name, asked.by)
    await engine.take_up()
    return RemovedBudget(name)


async def raise_budget(asked: Asked) -> BudgetView:
    """Add to a budget's present window; calls that wait for money are let in. Raises BadRequest."""
    engine, wanted, name = asked.engine, asked.body, asked.named["name"]
    budget = next((each for each in await _in_force(engine) if each.name == name), None)
    if budget is None:
        raise missing("budget", name)
    unit = _unit(budget, wanted)
    amount = amount_in(unit, wanted.amount, "amount")
    if amount <= 0:
        raise BadRequest("a budget is raised by more than nothing", field="amount")
    _check_place(budget, wanted)
    now = engine.now_ms()
    for window in windows(budget.window, budget.tz, now, wanted.run):  # a rolling one has several open turns
        account = AccountKey(budget.account_name, wanted.value, unit, window.name)
        grant = Grant(account=account, amount=amount, by=asked.by, reason=wanted.reason, at_ms=now)
        await asyncio.to_thread(engine.directory.grant, grant)
    await engine.take_up()
    return await _view(engine, name)


def budget_from(name: str, wanted: BudgetRules, beside: File) -> Budget:
    """A checked budget, by the same rules as one in the file that stands `beside` it, whose currencies hold here too.
    Raises BadRequest 400 naming the field."""
    raw = _as_written(name, wanted)
    settings = as_in_the_file(BudgetSettings, "budgets", raw, _FIELDS, msgspec.structs.replace(beside, keys=()))
    for field in ("wait_seconds", "approve_wait_seconds"):
        if not 0 <= getattr(wanted, field) <= LONGEST_WAIT_SECONDS:
            raise BadRequest(f"{field} must be 0 to {LONGEST_WAIT_SECONDS}", field=field)
    settings = msgspec.structs.replace(
        settings, wait_seconds=wanted.wait_seconds, approve_wait_seconds=wanted.approve_wait_seconds
    )
    (budget,) = budgets_of(File(budgets=(settings,)))
    return msgspec.structs.replace(budget, source="store")


def _as_written(name: str, wanted: BudgetRules) -> dict[str, object]:
    """The same budget in the words of the file. Raises BadRequest 400 for amounts that are none."""
    same = ("match", "window", "tz", "hard", "floor", "bound", "land_output")
    raw: dict[str, object] = {"name": name, **{field: getattr(wanted, field) for field in same}}
    raw |= {field: said for field in ("each", "unknown", "per_output", "was") if (said := getattr(wanted, field))}
    raw |= {"soft": [{"at": step.at, "do": list(map(str, step.do))} for step in wanted.soft]} if wanted.soft else {}
    money = [unit for unit in wanted.limits if unit.currency]
    if len(money) > 1:
        raise BadRequest("a budget counts money in one currency", field=f"limits.{money[1].value}")
    for unit, text in wanted.limits.items():
        amount = amount_in(unit, text, f"limits.{unit.value}")
        raw["limit" if unit.currency else unit.value] = f"{text} {unit.currency}" if unit.currency else amount
    if wanted.per_call is not None:
        unit = money[0] if money else Unit.USD
        amount_in(unit, wanted.per_call, "per_call")
        raw["per_call"] = f"{wanted.per_call} {unit.currency}"
    return raw


async def _put(asked: Asked, name: str, wanted: BudgetRules) -> BudgetView:
    engine = asked.engine
    _refuse_files(engine, name)
    budget = budget_from(name, wanted, engine.settings)
    await asyncio.to_thread(engine.directory.put_budget, budget, asked.by)
    await engine.take_up()
    return await _view(engine, name)


async def _views(engine: Engine) -> tuple[BudgetView, ...]:
    await engine.ledger.flush()
    stored, accounts = await asyncio.to_thread(lambda: (engine.directory.load(), engine.records.accounts()))
    now = engine.now_ms()

    def present(budget: Budget) -> tuple[Window, ...]:
        return () if budget.window == "run" else windows(budget.window, budget.tz, now)

    found = standings(budgets_in_force(engine.settings, stored), accounts, stored.grants, present)
    grants = stored.grants
    return tuple(view(each, [g for g in grants if g.account.budget == each.budget.account_name]) for each in found)


async def _view(engine: Engine, name: str) -> BudgetView:
    found = next((each for each in await _views(engine) if each.name == name), None)
    if found is None:
        raise missing("budget", name)
    return found


async def _in_force(engine: Engine) -> tuple[Budget, ...]:
    return budgets_in_force(engine.settings, await asyncio.to_thread(engine.directory.load))


def _refuse_files(engine: Engine, name: str) -> None:
    if any(budget.name == name for budget in engine.settings.budgets):
        raise conflict(
            f"the budget {name!r} is the configuration's: change it there and send SIGHUP; it can be raised here",
            "path",
        )


def _unit(budget: Budget, wanted: RaiseBudget) -> Unit:
    units = [unit for unit, _ in budget.limits]
    unit = wanted.unit or (budget.money if budget.money in units else units[0])
    if unit not in units:
        limited = ", ".join(each.value for each in units)
        raise BadRequest(f"{budget.name!r} does not limit {unit.value}; it limits {limited}", field="unit")
    return unit


def _check_place(budget: Budget, wanted: RaiseBudget) -> None:
    if budget.each and not wanted.value:
        message = f"there is one {budget.name!r} for each {budget.each}: say which (`(none)` for calls without one)"
        raise BadRequest(message, field="value")
    if wanted.value and not budget.each:
        raise BadRequest(f"{budget.name!r} is one budget for all", field="value")
    if budget.window == "run" and not wanted.run:
        raise BadRequest(f"{budget.name!r} counts each run by itself: say which", field="run")
    if wanted.run and budget.window != "run":
        raise BadRequest(f"{budget.name!r} does not count runs", field="run")


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/budgets",
        summary="Every budget with what is spent, reserved and left",
        answer=list_budgets,
        gives=BudgetList,
    ),
    Endpoint(
        method="POST",
        path="/budgets",
        summary="Make a budget",
        answer=make_budget,
        takes=NewBudget,
        gives=BudgetView,
        status=201,
    ),
    Endpoint(method="GET", path="/budgets/{name}", summary="One budget", answer=show_budget, gives=BudgetView),
    Endpoint(
        method="PUT",
        path="/budgets/{name}",
        summary="Make or replace a stored budget whole",
        answer=put_budget,
        takes=BudgetRules,
        gives=BudgetView,
    ),
    Endpoint(
        method="DELETE",
        path="/budgets/{name}",
        summary="Remove a stored budget",
        answer=remove_budget,
        gives=RemovedBudget,
    ),
    Endpoint(
        method="POST",
        path="/budgets/{name}/raise",
        summary="Add to a budget for its present window",
        answer=raise_budget,
        takes=RaiseBudget,
        gives=BudgetView,
    ),
)
