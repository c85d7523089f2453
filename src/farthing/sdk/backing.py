"""Where a budget is counted: in this process (`LocalBacking`), or at a gateway (`farthing.sdk.remote`)."""

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple, Protocol

from farthing.accounts.receipt import receipt as receipt_of
from farthing.accounts.run_receipt import run_receipt
from farthing.accounts.run_view import RunReceiptView, run_view
from farthing.budgets.window import windows
from farthing.config.engine import Engine
from farthing.config.wiring import cards_of
from farthing.domain.budget import AccountKey, Budget, Standing, Unit
from farthing.domain.record import Labels
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.pricing.tool_price import TOOL
from farthing.sdk.amounts import Amounts, dollars
from farthing.sdk.beats import PROMISE_MS
from farthing.sdk.engine import LocalEngine, local_engine, place_of, store_named
from farthing.sdk.errors import Misused
from farthing.sdk.scope import RUN, STORE, Scope, inherited

BY = "sdk"
MOST_CALLS = 5_000
"""Calls that one receipt adds up."""
_LONG_AGO_MS = 0
_LATEST_MS = 2**53


class Opened(NamedTuple):
    """A budget in its place: its calls carry `label` = `name`."""

    budget: Budget
    label: str
    """`run`, or `run.1`, … inside another budget."""
    name: str
    labels: Labels
    """All that its calls carry."""
    keeps: bool
    """It outlives its block."""

    @property
    def run(self) -> str:
        """The run as a whole: outcomes are said of runs."""
        return dict(self.labels)["run"]


class Backing(Protocol):
    """Blocking. Every method raises FarthingError, with what to do, where the store or the gateway cannot be used."""

    store: str
    """As FARTHING_STORE names it."""
    in_memory: bool
    """What it counts ends with this process."""

    @property
    def home(self) -> LocalEngine | None:
        """Whose memory that is."""
        ...

    def open(self, opened: Opened) -> None:
        """Calls are limited by this budget from now on."""
        ...

    def close(self, opened: Opened) -> None:
        """Not any more; what it counted stays on record."""
        ...

    def left(self, opened: Opened) -> Mapping[Unit, int | None]:
        """What new calls may still take, in each unit's base."""
        ...

    def spent(self, opened: Opened) -> Amounts:
        """What its calls have cost; outcomes that nobody knows yet count as what is held."""
        ...

    def judge(self, run: str, *, success: bool, score: float | None, note: str) -> None: ...

    def book(self, run: str, nanos: int, *, kind: str, note: str, once: str) -> bool:
        """A cost beside models. False where `once` was noted before."""
        ...

    def receipt(self, opened: Opened) -> RunReceiptView: ...


def store_for(wanted: object, around: Scope | None) -> str:
    """Where a budget is counted that asks for this store: where those around it are. Raises Misused where it asks for another
    one, as no call can be charged to both."""
    outer = around.store if around is not None else store_named() if inherited() else None
    if wanted is None:
        return store_named() if outer is None else outer
    if not isinstance(wanted, str) or not wanted:
        raise Misused(f"farthing.budget(): store is a file or a gateway's address, not {wanted!r}")
    if outer is None:
        return place_of(wanted)
    if place_of(wanted).rstrip("/") != outer.rstrip("/"):
        where = "the budget around this one" if around is not None else f"the run of {RUN}"
        raise Misused(
            f"{where} is counted in {outer}, and a call is charged to all of its budgets or to none: "
            f"leave out store={wanted!r}, or set {STORE} to it for both"
        )
    return outer


class LocalBacking:
    """`Backing` by the engine in this process."""

    def __init__(self, engine: LocalEngine) -> None:
        self._first = engine
        self.store = engine.store
        self.in_memory = engine.in_memory
        self.home = engine if engine.in_memory else None

    @property
    def _engine(self) -> LocalEngine:
        """Of this process, which may be a child of the one that opened the budget, or have left the store meanwhile."""
        forked = self._first.process != os.getpid()
        return self._first if self._first.alive or (self.in_memory and not forked) else local_engine(self.store)

    def open(self, opened: Opened) -> None:
        self._engine.do(_open(self._engine, opened, announced=self._announced(opened)))

    def close(self, opened: Opened) -> None:
        if not opened.keeps:
            self._engine.do(_close(self._engine, opened, announced=self._announced(opened)))

    def left(self, opened: Opened) -> Mapping[Unit, int | None]:
        standings = self._engine.do(_look(self._engine.engine, opened.budget))
        left: dict[Unit, int | None] = {}
        for each in standings:  # a rolling window has several turns, and the tightest counts
            known, mine = left.get(each.account.unit), _left(each, opened.budget)
            left[each.account.unit] = mine if known is None or mine is None else min(known, mine)
        return left

    def spent(self, opened: Opened) -> Amounts:
        return self._engine.do(_spent(self._engine.engine, opened, in_thread=not self.in_memory))

    def judge(self, run: str, *, success: bool, score: float | None, note: str) -> None:
        engine = self._engine.engine
        outcome = Outcome(run=run, at_ms=engine.now_ms(), success=success, score=score, by=BY, note=note)
        engine.outcomes.judge(outcome)

    def book(self, run: str, nanos: int, *, kind: str, note: str, once: str) -> bool:
        engine = self._engine.engine
        cost = OtherCost(run=run, at_ms=engine.now_ms(), kind=kind, nanos=nanos, by=BY, note=note, once=once)
        return engine.outcomes.book(cost)

    def receipt(self, opened: Opened) -> RunReceiptView:
        return self._engine.do(_receipt(self._engine.engine, opened, in_thread=not self.in_memory))

    def _announced(self, opened: Opened) -> bool:
        """Whether other processes are told of the run's life: those that share a file may call in its name."""
        return opened.label == "run" and not opened.keeps and not self.in_memory


def _left(standing: Standing, budget: Budget) -> int | None:
    """What is left; of a budget whose block is over, by the limit that it had."""
    if standing.limit is not None:
        return standing.left
    limit = budget.limit(standing.account.unit)
    return None if limit is None else limit - standing.posted - standing.held - standing.unknown


async def _open(local: LocalEngine, opened: Opened, *, announced: bool) -> None:
    engine = local.engine
    if announced:
        start = partial(engine.store.guards.start, by="", beat_every_ms=PROMISE_MS, who=BY, here=True)
        await asyncio.to_thread(start, opened.name, labels=opened.labels)
        local.beats.add(opened.name)
    if opened.budget.limits:
        await asyncio.to_thread(engine.directory.put_budget, opened.budget, BY)
    if announced or opened.budget.limits:
        await engine.take_up()


async def _close(local: LocalEngine, opened: Opened, *, announced: bool) -> None:
    """The run, or the part of it, ends before its budget goes, so that no call of it is ever without."""
    engine = local.engine
    local.beats.drop(opened.name)
    if announced or (opened.budget.limits and not local.in_memory):
        await asyncio.to_thread(engine.store.guards.end, opened.name, by="", admin=True, who=BY)
        await engine.take_up()
    if opened.budget.limits:
        await asyncio.to_thread(engine.directory.remove_budget, opened.budget.name, BY)
        await engine.take_up()


async def _look(engine: Engine, budget: Budget) -> tuple[Standing, ...]:
    turns = windows(budget.window, budget.tz, engine.now_ms(), "")
    units = [unit for unit, _ in budget.limits]
    return await engine.ledger.look(
        [AccountKey(budget.account_name, "", unit, turn.name) for turn in turns for unit in units]
    )


async def _spent(engine: Engine, opened: Opened, *, in_thread: bool) -> Amounts:
    await engine.ledger.flush()
    since_ms = min(turn.opens_ms for turn in windows(opened.budget.window, opened.budget.tz, engine.now_ms(), ""))

    def sums() -> Amounts:
        where = ((opened.label, opened.name),)
        rows = engine.history.usage(
            by=("provider",), since_ms=max(since_ms, _LONG_AGO_MS), until_ms=_LATEST_MS, where=where
        )
        nanos = sum(row.cost_nanos for row in rows)
        tokens = sum(row.usage.input_tokens + row.usage.output_tokens for row in rows)
        return Amounts(dollars(nanos), tokens, sum(row.attempts for row in rows if row.group != (TOOL,)))

    known = await asyncio.to_thread(sums) if in_thread else sums()
    usd = [each for each in await _look(engine, opened.budget) if each.account.unit is Unit.USD]
    unknown = dollars(max((each.unknown for each in usd), default=0))
    assert known.usd is not None
    assert unknown is not None
    return known._replace(usd=known.usd + unknown)


async def _receipt(engine: Engine, opened: Opened, *, in_thread: bool) -> RunReceiptView:
    await engine.ledger.flush()

    def added() -> RunReceiptView:
        cards = cards_of(engine.rules)
        newest = engine.records.recent(limit=MOST_CALLS, run=opened.run)
        records = filter(None, (engine.records.call(each.id) for each in newest))
        mine = (each for each in records if (opened.label, opened.name) in each.opening.labels)
        said = engine.outcomes.of(opened.run) if opened.label == "run" else (None, ())
        return run_view(opened.name, run_receipt((receipt_of(each, cards) for each in mine), *said))

    return await asyncio.to_thread(added) if in_thread else added()
