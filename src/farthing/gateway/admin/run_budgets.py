"""Budgets of runs over HTTP, for the SDK: a key with the right `runs` limits its own runs further, and nothing else.

Such a budget matches one value of a label that the key may set (`run`, or `run.1`, … for budgets within budgets) beside
the labels that are bound to the key, and the run itself, with which it ends. Budgets only ever add limits, so it can make nothing freer, and calls of other keys
do not carry its labels; its name says whose it is, so it never replaces another's.
"""

import asyncio
from contextlib import suppress
from functools import partial

from farthing.accounts.attribution import choosing, flaw_of
from farthing.accounts.receipt import receipt
from farthing.accounts.run_receipt import run_receipt
from farthing.accounts.run_view import RunReceiptView, run_view
from farthing.budgets.window import check_window, windows
from farthing.config.engine import Engine
from farthing.config.wiring import cards_of
from farthing.domain.budget import AccountKey, Budget, Standing, Unit, Window
from farthing.domain.errors import BadRequest
from farthing.domain.money import usd
from farthing.gateway.admin.budget_views import BudgetRules
from farthing.gateway.admin.budgets import budget_from
from farthing.gateway.admin.endpoint import Asked, Endpoint, conflict
from farthing.gateway.admin.run_budget_views import (
    NewRunBudget,
    ReceiptQuery,
    Removed,
    RunBudgetQuery,
    RunBudgetView,
    RunSpent,
    account_view,
)
from farthing.gateway.admin.run_releases import LABEL, let_go, limits_among, release
from farthing.gateway.admin.run_releases import stored_as as stored_name
from farthing.gateway.admin.runs import in_ms
from farthing.pricing.tool_price import TOOL

RIGHT = "runs"
MOST_CALLS = 5_000
"""Calls that one receipt adds up."""
_LATEST_MS = 2**53


async def put_run_budget(asked: Asked) -> RunBudgetView:
    """Make or change it. Raises BadRequest 403 for a label that the key may not set, 409 where the run has ended."""
    wanted: NewRunBudget = asked.body
    engine, (label, name) = asked.engine, _named(asked)
    _check_name(wanted.run)
    if not wanted.keeps:
        _check_bound(asked, label, name)
        _check_bound(asked, "run", name if label == "run" else wanted.run)
    if label == "run" and not wanted.keeps:
        every_ms, labels = in_ms(wanted.heartbeat_seconds), tuple(sorted(wanted.labels.items()))
        start = partial(engine.store.guards.start, by=asked.key_name, beat_every_ms=every_ms)
        await asyncio.to_thread(start, name, labels=labels, who=asked.by)
    if wanted.limits:
        budget = _budget(asked, label, name, wanted)
        await _check_own(asked, budget)
        await asyncio.to_thread(engine.directory.put_budget, budget, asked.by)
    await engine.take_up()
    return await _view(asked, tuple(wanted.limits), wanted.window)


async def show_run_budget(asked: Asked) -> RunBudgetView:
    """Raises BadRequest 400 for a unit or window that is none."""
    query: RunBudgetQuery = asked.query
    try:
        units = tuple(Unit(word) for word in query.units.split(",") if word)
    except ValueError as error:
        raise BadRequest(str(error), field="units") from error
    return await _view(asked, units, query.window)


async def remove_run_budget(asked: Asked) -> Removed:
    """The run ends with it, and the limits of its parts with the run: what still calls in its name is refused. Safe to
    repeat."""
    engine, (label, name) = asked.engine, _named(asked)
    stored_as = _stored_as(asked, label, name)
    if label == "run":
        end = engine.store.guards.end
        await asyncio.to_thread(end, name, by=asked.key_name, admin=asked.is_admin, who=asked.by)
        await engine.take_up()
    else:
        await _end_part(asked, name)
    with suppress(BadRequest):  # it only counted, or is gone already
        await asyncio.to_thread(engine.directory.remove_budget, stored_as, asked.by)
    await engine.take_up()
    if label == "run":
        await _let_parts_go(asked, name)
    return Removed(stored_as)


async def _end_part(asked: Asked, name: str) -> None:
    """A child process that was started within a part of a run must not go on without its limits."""
    guards = asked.engine.store.guards
    with suppress(BadRequest):  # it has ended, or the name is another's
        await asyncio.to_thread(guards.start, name, by=asked.key_name, who=asked.by)
        await asyncio.to_thread(guards.end, name, by=asked.key_name, admin=asked.is_admin, who=asked.by)
    await asked.engine.take_up()


async def _let_parts_go(asked: Asked, run: str) -> None:
    """What programs in the run left behind that died before it."""
    stored = (await asyncio.to_thread(asked.engine.directory.load)).budgets
    mine = (each for each in limits_among(stored) if (each.run, each.key) == (run, asked.key_name))
    await let_go(asked.engine, mine)


async def show_receipt(asked: Asked) -> RunReceiptView:
    """Of its newest calls, as far as they are this key's."""
    engine, (label, name) = asked.engine, _named(asked)
    await engine.ledger.flush()
    key = None if asked.is_admin else asked.key_name
    return await asyncio.to_thread(_receipt, engine, asked.query.run, (label, name), key)


def _receipt(engine: Engine, run: str, pair: tuple[str, str], key: str | None) -> RunReceiptView:
    """Blocking. `key` None: whoever called."""
    cards = cards_of(engine.rules)
    newest = engine.records.recent(limit=MOST_CALLS, run=run)
    records = filter(None, (engine.records.call(each.id) for each in newest))
    mine = [each for each in records if pair in each.opening.labels and key in (None, each.opening.key)]
    said = engine.outcomes.of(run) if mine and pair[0] == "run" else (None, ())
    return run_view(pair[1], run_receipt((receipt(each, cards) for each in mine), *said))


def _named(asked: Asked) -> tuple[str, str]:
    """The label and its value. Raises BadRequest 400, and 403 for a label that does not choose budgets for this key."""
    label, name = asked.named["label"], asked.named["name"]
    if LABEL.fullmatch(label) is None:
        raise BadRequest(f"{label[:80]!r} is no label of runs: run, run.1, run.2, …", field="path")
    _check_name(name)
    _check_chosen(asked, label)
    return label, name


def _check_chosen(asked: Asked, label: str) -> None:
    key = asked.maker
    if key is not None and not asked.is_admin and label not in choosing(key.labels, key.may_set):
        raise BadRequest(
            f"the key {key.name!r} may not set {label!r}, so no budget of it would count; add it to the key's `may_set`",
            field="path",
            status=403,
            code="forbidden",
        )


def _check_bound(asked: Asked, label: str, value: str) -> None:
    """Raises BadRequest 403 where the calls of this key carry something else there, whatever they say."""
    _check_chosen(asked, label)
    bound = value if asked.maker is None else dict(asked.maker.labels).get(label, value)
    if bound != value:
        raise BadRequest(
            f"the label {label!r} of this key is {bound!r}, so no budget on {value[:80]!r} would count",
            field="path",
            status=403,
            code="forbidden",
        )


def _check_name(name: str) -> None:
    flaw = "a `*` at its end would mean the runs of others, too" if name.endswith("*") else flaw_of("run", name)
    if flaw:
        raise BadRequest(f"{name[:80]!r} cannot name a run: {flaw}", field="path")


def _stored_as(asked: Asked, label: str, name: str) -> str:
    return stored_name(label, name, None if asked.maker is None else asked.key_name)


def _budget(asked: Asked, label: str, name: str, wanted: NewRunBudget) -> Budget:
    bound = () if asked.maker is None else asked.maker.labels
    whose = {} if wanted.keeps else {"run": wanted.run}
    rules = BudgetRules(
        limits=wanted.limits,
        match={**dict(bound), **whose, label: name},
        window=wanted.window,
        per_call=wanted.per_call,
        per_output=wanted.per_output,
        wait_seconds=wanted.wait_seconds,
        bound="strict" if wanted.bound == "strict" else "auto",
    )
    return budget_from(_stored_as(asked, label, name), rules, asked.engine.settings)


async def _check_own(asked: Asked, budget: Budget) -> None:
    """Raises BadRequest 409 where that name is another budget's, or the key has as many as it may: those of runs that are
    over, which give up their place to it, are not among them."""
    engine = asked.engine
    stored = (await asyncio.to_thread(engine.directory.load)).budgets
    same = next((each for each in stored if each.name == budget.name), None)
    in_file = any(each.name == budget.name for each in engine.settings.budgets)
    if in_file or (same is not None and same.match != budget.match):
        raise conflict(f"there is another budget {budget.name!r}", "path")
    most = 1_000 if asked.maker is None else asked.maker.max_values
    beyond = _count_own(asked, stored) - most
    if same is not None or beyond < 0:
        return
    await release(engine, key=asked.key_name, for_ms=0, most=beyond + 1)
    stored = (await asyncio.to_thread(engine.directory.load)).budgets
    if _count_own(asked, stored) >= most:
        mine = f" of {asked.key_name}" if asked.maker is not None else ""
        raise conflict(f"there are {most:,} budgets of runs{mine}; remove those of runs that are over", "path")


def _count_own(asked: Asked, stored: tuple[Budget, ...]) -> int:
    mine = f" of {asked.key_name}" if asked.maker is not None else ""
    return sum(LABEL.match(each.name) is not None and each.name.endswith(mine) for each in stored)


async def _view(asked: Asked, units: tuple[Unit, ...], window: str) -> RunBudgetView:
    engine, (label, name) = asked.engine, _named(asked)
    stored_as = _stored_as(asked, label, name)
    try:
        turns = windows(check_window(window), "UTC", engine.now_ms())
    except ValueError as error:
        raise BadRequest(str(error), field="window") from error
    keys = [AccountKey(stored_as, "", unit, turn.name) for unit in units for turn in turns]
    standings = await engine.ledger.look(keys)
    tightest = {unit: min((each for each in standings if each.account.unit is unit), key=_room) for unit in units}
    key = None if asked.maker is None or asked.is_admin else asked.key_name
    await engine.ledger.flush()
    unknown = tightest[Unit.USD].unknown if Unit.USD in tightest else 0
    spent = await asyncio.to_thread(_spent, engine, (label, name), turns, key, unknown)
    accounts = {unit: account_view(standing) for unit, standing in tightest.items()}
    return RunBudgetView(budget=stored_as, accounts=accounts, spent=spent)


def _room(standing: Standing) -> int:
    return -standing.posted - standing.held - standing.unknown if standing.left is None else standing.left


def _spent(engine: Engine, pair: tuple[str, str], turns: tuple[Window, ...], key: str | None, unknown: int) -> RunSpent:
    """Blocking. `unknown` nano-dollars are held by calls whose outcome nobody knows yet."""
    since_ms = min(turn.opens_ms for turn in turns)
    rows = engine.history.usage(by=("key", "provider"), since_ms=since_ms, until_ms=_LATEST_MS, where=(pair,))
    mine = [row for row in rows if key in (None, row.group[0])]
    return RunSpent(
        usd=usd(sum(row.cost_nanos for row in mine) + unknown),
        tokens=sum(row.usage.input_tokens + row.usage.output_tokens for row in mine),
        calls=sum(row.attempts for row in mine if row.group[1] != TOOL),
    )


_PATH = "/run-budgets/{label}/{name}"
ENDPOINTS = (
    Endpoint(
        method="PUT",
        path=_PATH,
        summary="Limit a run, or a part of one (for the SDK)",
        answer=put_run_budget,
        takes=NewRunBudget,
        gives=RunBudgetView,
        right=RIGHT,
    ),
    Endpoint(
        method="GET",
        path=_PATH,
        summary="What a run has spent of its limits",
        answer=show_run_budget,
        query=RunBudgetQuery,
        gives=RunBudgetView,
        right=RIGHT,
    ),
    Endpoint(
        method="DELETE",
        path=_PATH,
        summary="End a run and its limits",
        answer=remove_run_budget,
        gives=Removed,
        right=RIGHT,
    ),
    Endpoint(
        method="GET",
        path=f"{_PATH}/receipt",
        summary="The receipt of a run, as far as its calls are this key's",
        answer=show_receipt,
        query=ReceiptQuery,
        gives=RunReceiptView,
        right=RIGHT,
    ),
)
