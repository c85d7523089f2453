"""Budgets: the tree of them with how each stands, what waits for an answer, who may not call, and why a call was refused."""

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from farthing.accounts.standing import BudgetStanding
from farthing.config.engine import Engine
from farthing.dashboard import standing
from farthing.dashboard.refused import Refused, refused
from farthing.dashboard.standing import Line
from farthing.dashboard.visit import Answer, Visit
from farthing.domain.budget import Budget, Grant
from farthing.domain.ids import read as read_id
from farthing.domain.suspension import Suspension
from farthing.ports.approvals import PENDING, Approval
from farthing.ports.directory import Gate

MOST_LINES = 10
"""Accounts of one budget; the others are counted."""
MOST_REFUSED = 12

DONE = {
    "raised": "Raised: whoever waits for money is let in.",
    "made": "The budget is in force.",
    "removed": "The budget is gone; what it counted stays on record.",
    "granted": "Granted: the calls go on.",
    "declined": "Declined: the calls are told so.",
    "suspended": "Suspended: its calls are refused from now on.",
    "resumed": "Its calls go again.",
    "opened": "The model may be called again.",
}


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """One budget in the tree."""

    depth: int
    budget: Budget
    lines: tuple[Line, ...]
    left_out: int
    grants: tuple[Grant, ...]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the page."""

    branches: tuple[Branch, ...]
    approvals: tuple[Approval, ...]
    suspensions: tuple[Suspension, ...]
    gates: tuple[Gate, ...]
    refused: tuple[Refused, ...]
    asked: Refused | None
    """The refusal that was asked about."""
    asked_for: str


async def show(visit: Visit) -> Answer:
    """The page; `?call=` asks why that one was refused."""
    await visit.engine.ledger.flush()
    sheet = await visit.read(partial(_read, visit.engine, visit.now_ms, visit.query.first("call")))
    return await visit.page("budgets.html", sheet=sheet, done=DONE)


def tree(every: Sequence[BudgetStanding]) -> Iterator[tuple[int, BudgetStanding]]:
    """Budgets below those whose labels they narrow down: `team=a, user=b` stands below `team=a`, that below the one for
    all; with how deep each stands."""
    above = {each.budget.name: _above(each.budget, every) for each in every}

    def below(name: str | None, depth: int) -> Iterator[tuple[int, BudgetStanding]]:
        for each in every:
            if above[each.budget.name] == name:
                yield depth, each
                yield from below(each.budget.name, depth + 1)

    return below(None, 0)


def _above(budget: Budget, every: Sequence[BudgetStanding]) -> str | None:
    """The budget that this one narrows down the least."""
    mine = _scope(budget)
    wider = [each.budget for each in every if _scope(each.budget) < mine]
    return max(wider, key=lambda each: len(_scope(each)), default=None).name if wider else None  # type: ignore[union-attr]


def _scope(budget: Budget) -> frozenset[tuple[str, str]]:
    every = {*budget.match, *((((budget.each, "each"),)) if budget.each else ())}
    return frozenset(every | ({("run", "each")} if budget.window == "run" else set()))


def _read(engine: Engine, now_ms: int, call: str) -> Sheet:
    room = standing.read(engine, now_ms)
    known = engine.store.guards.known()
    budgets = tuple(each.budget for each in room.every)
    recent = engine.records.recent(limit=MOST_REFUSED, outcome="refused")
    return Sheet(
        branches=tuple(_branch(room, depth, each) for depth, each in tree(room.every)),
        approvals=engine.store.approvals.recent(limit=50, now_ms=now_ms, state=PENDING),
        suspensions=tuple(each for each in known.suspensions if each.in_force(now_ms)),
        gates=room.stored.gates,
        refused=tuple(filter(None, (refused(engine.records.call(each.id), budgets) for each in recent))),
        asked=_asked(engine, call, budgets) if call else None,
        asked_for=call[:60],
    )


def _branch(room: standing.Room, depth: int, each: BudgetStanding) -> Branch:
    lines = tuple(Line(budget=each.budget, standing=line) for line in each.lines)
    return Branch(
        depth=depth,
        budget=each.budget,
        lines=lines[:MOST_LINES],
        left_out=len(lines[MOST_LINES:]),
        grants=room.grants(each.budget),
    )


def _asked(engine: Engine, call: str, budgets: tuple[Budget, ...]) -> Refused | None:
    try:
        number = read_id("call", call.strip())
    except ValueError:
        return None
    return refused(engine.records.call(number), budgets)
