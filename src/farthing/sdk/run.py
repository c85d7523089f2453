"""A budget around a block of code: what is asked inside is charged to it, and to every budget around it."""

import asyncio
import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Token
from decimal import Decimal
from typing import Any, NamedTuple, Self, TypeVar

from farthing.budgets.window import windows
from farthing.config.engine import Engine
from farthing.domain.budget import AccountKey, Budget, Standing, Unit
from farthing.domain.money import NANOS_PER_USD, parse_usd
from farthing.domain.record import Labels
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.sdk.calls import merged
from farthing.sdk.engine import LocalEngine, local_engine
from farthing.sdk.errors import Misused
from farthing.sdk.scope import Scope, check_process, current, inherited, label_at
from farthing.sdk.terms import Terms, labels_of, terms

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_BY = "sdk"
_LONG_AGO_MS = 0


class Amounts(NamedTuple):
    """Money and counts. What a budget does not limit has no remainder: None."""

    usd: Decimal | None
    tokens: int | None
    calls: int | None

    def __str__(self) -> str:
        money = None if self.usd is None else f"${self.usd.normalize():f}"
        counts = (
            None if count is None else f"{count:,} {word}"
            for count, word in zip(self[1:], ("tokens", "calls"), strict=True)
        )
        return ", ".join(part for part in (money, *counts) if part is not None) or "no limit"


class Run:
    """One budget, made by `farthing.budget(…)`. Enter it with `with` or `async with`, once."""

    def __init__(self, wanted: Terms) -> None:
        self.name = wanted.name
        """What its calls carry as their `run` (or `run.1`, … inside another budget)."""
        self._terms = wanted
        self._budget: Budget | None = None
        self._engine: LocalEngine | None = None
        self._scope: Scope | None = None
        self._token: Token[Scope | None] | None = None

    # In and out

    def __enter__(self) -> Self:
        engine, scope, budget = self._prepare()
        engine.do(_open(engine.engine, budget))
        return self._enter(scope)

    def __exit__(self, *_: object) -> None:
        engine, budget = self._leave()
        if not self._terms.keeps:
            engine.do(_close(engine.engine, budget))

    async def __aenter__(self) -> Self:
        engine, scope, budget = await asyncio.to_thread(self._prepare)
        await engine.do_async(_open(engine.engine, budget))
        return self._enter(scope)

    async def __aexit__(self, *_: object) -> None:
        engine, budget = self._leave()
        if not self._terms.keeps:
            await engine.do_async(_close(engine.engine, budget))

    def bind(self, work: F) -> F:
        """The same function, spending from this budget wherever it is called: in a thread, an executor, a callback."""
        scope = self._opened()

        if asyncio.iscoroutinefunction(work):

            @functools.wraps(work)
            async def bound_async(*args: Any, **named: Any) -> Any:
                with _in(scope):
                    return await work(*args, **named)

            return bound_async  # type: ignore[return-value]  # the same signature

        @functools.wraps(work)
        def bound(*args: Any, **named: Any) -> Any:
            with _in(scope):
                return work(*args, **named)

        return bound  # type: ignore[return-value]

    @contextmanager
    def step(self, name: str, **labels: str) -> Iterator[Self]:
        """Calls inside carry this `step`, and the labels named beside it."""
        scope = self._opened()
        here = current.get()
        inside = here if here is not None and here.depth >= scope.depth else scope
        with _in(inside._replace(labels=merged(inside.labels, labels_of({"step": name, **labels})))):
            yield self

    # What it came to

    @property
    def remaining(self) -> Amounts:
        """What new calls may still take, what calls in flight hold already taken off."""
        found = {standing.account.unit: standing.left for standing in self._look()}
        return Amounts(_dollars(found.get(Unit.USD)), found.get(Unit.TOKENS), found.get(Unit.CALLS))

    @property
    def spent(self) -> Amounts:
        """What its calls have cost, inner budgets included; outcomes that nobody knows yet count as what is held."""
        engine = self._its_engine()
        (label,) = self._label()
        engine.do(engine.engine.ledger.flush())
        rows = engine.engine.history.usage(by=(), since_ms=_LONG_AGO_MS, until_ms=2**62, where=(label,))
        nanos = sum(row.cost_nanos for row in rows)
        tokens = sum(row.usage.input_tokens + row.usage.output_tokens for row in rows)
        open_nanos = sum(standing.unknown for standing in self._look() if standing.account.unit is Unit.USD)
        return Amounts(_dollars(nanos + open_nanos), tokens, sum(row.attempts for row in rows))

    def succeed(self, score: float | None = None, note: str = "") -> None:
        """It did what it was for; `score` from 0 to 1 says how well. Makes cost per success."""
        self._judge(success=True, score=score, note=note)

    def fail(self, score: float | None = None, note: str = "") -> None:
        """It did not."""
        self._judge(success=False, score=score, note=note)

    def cost(self, amount: str, kind: str = "tool", note: str = "", once: str = "") -> bool:
        """Note what it cost beside models: reported with the run, in no budget. False where `once` was noted before."""
        engine = self._its_engine().engine
        booked = OtherCost(
            run=self._root(), at_ms=engine.now_ms(), kind=kind, nanos=parse_usd(amount), by=_BY, note=note, once=once
        )
        return engine.outcomes.book(booked)

    def _judge(self, *, success: bool, score: float | None, note: str) -> None:
        if score is not None and not 0 <= score <= 1:
            raise Misused(f"a score is from 0 to 1, not {score}")
        engine = self._its_engine().engine
        engine.outcomes.judge(
            Outcome(run=self._root(), at_ms=engine.now_ms(), success=success, score=score, by=_BY, note=note)
        )

    # Inside

    def _prepare(self) -> tuple[LocalEngine, Scope, Budget]:
        if self._scope is not None:
            raise Misused("a budget is entered once; call farthing.budget(…) again for another one")
        check_process()
        engine = self._engine = local_engine()
        around = current.get()
        if self._terms.keeps and engine.in_memory:
            raise Misused(
                f"the window of {self.name!r} outlives this program, whose budgets are in memory: "
                "name a file for them, FARTHING_STORE=farthing.db"
            )
        outer = inherited() if around is None else around.labels
        depth = (1 if outer else 0) if around is None else around.depth + 1
        label = label_at(depth)
        budget = self._budget = self._terms.budget(label)
        labels = merged(merged(outer, self._terms.labels), ((label, self.name),))
        return engine, Scope(labels, depth, os.getpid(), engine.in_memory), budget

    def _enter(self, scope: Scope) -> Self:
        self._scope = scope
        self._token = current.set(scope)
        return self

    def _leave(self) -> tuple[LocalEngine, Budget]:
        assert self._engine is not None
        assert self._budget is not None
        token, self._token = self._token, None
        if token is not None:
            try:
                current.reset(token)
            except ValueError:  # left in another context than it was entered in, as fixtures and generators do
                current.set(None)
        return self._engine, self._budget

    def _look(self) -> tuple[Standing, ...]:
        engine, budget = self._its_engine(), self._budget
        assert budget is not None
        return engine.do(_look(engine.engine, budget))

    def _opened(self) -> Scope:
        if self._scope is None:
            raise Misused("this budget is not open: use it inside its `with` block")
        return self._scope

    def _its_engine(self) -> LocalEngine:
        self._opened()
        assert self._engine is not None
        return self._engine

    def _label(self) -> Labels:
        return ((label_at(self._opened().depth), self.name),)

    def _root(self) -> str:
        """The run as a whole: outcomes are said of runs."""
        return dict(self._opened().labels)["run"]


def budget(  # noqa: PLR0913 - each by its name, as the file names them
    limit: str | None = None,
    *,
    tokens: int | None = None,
    calls: int | None = None,
    name: str | None = None,
    window: str | None = None,
    wait: str | None = None,
    per_call: str | None = None,
    per_output: int | None = None,
    bound: str | None = None,
    **labels: str,
) -> Run:
    """A budget for a block of code: `with farthing.budget("$2", tokens=200_000, calls=50, agent="triage") as run:`.

    Any of the limits, or none (then it only counts). Budgets nest: a call inside is charged to all of them, all or none.
    `labels` say whom the calls are for. `wait` is how long a call may queue for money that others hold (`"20s"`).
    `window` makes it outlive its block (`name="nightly", window="day"`); that needs a store on disk.

    Raises Misused naming what cannot be; BadConfig or StoreBroken on entering, where the store cannot be used.
    """
    given = {
        "tokens": tokens,
        "calls": calls,
        "window": window,
        "wait": wait,
        "per_call": per_call,
        "per_output": per_output,
        "bound": bound,
    }
    return Run(terms(limit, given, name, labels))


@contextmanager
def _in(scope: Scope) -> Iterator[None]:
    token = current.set(scope)
    try:
        yield
    finally:
        current.reset(token)


async def _open(engine: Engine, budget: Budget) -> None:
    if not budget.limits:
        return
    await asyncio.to_thread(engine.directory.put_budget, budget, _BY)
    await engine.take_up()


async def _close(engine: Engine, budget: Budget) -> None:
    if not budget.limits:
        return
    await asyncio.to_thread(engine.directory.remove_budget, budget.name, _BY)
    await engine.take_up()


async def _look(engine: Engine, budget: Budget) -> tuple[Standing, ...]:
    (window, *_) = windows(budget.window, budget.tz, engine.now_ms(), "")
    keys = [AccountKey(budget.account_name, "", unit, window.name) for unit, _ in budget.limits]
    return await engine.ledger.look(keys)


def _dollars(nanos: int | None) -> Decimal | None:
    return None if nanos is None else Decimal(nanos) / NANOS_PER_USD
