"""A budget around a block of code: what is asked inside is charged to it, and to every budget around it."""

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from typing import Any, Self, TypeVar

from farthing.domain.budget import Unit
from farthing.domain.money import parse_usd
from farthing.sdk.amounts import Amounts, dollars
from farthing.sdk.backing import Backing, LocalBacking, Opened, store_for
from farthing.sdk.calls import merged
from farthing.sdk.engine import LocalEngine, local_engine
from farthing.sdk.errors import Misused
from farthing.sdk.loops import here
from farthing.sdk.receipt import RunReceipt
from farthing.sdk.remote import RemoteBacking
from farthing.sdk.remote_ask import is_address
from farthing.sdk.scope import Life, Scope, check_process, current, depth_below, environ_of, inherited, label_at, within
from farthing.sdk.terms import Terms, labels_of, terms
from farthing.sdk.tooled import Tooled

F = TypeVar("F", bound=Callable[..., Any])


class Run(Tooled):
    """One budget, made by `farthing.budget(…)`. Enter it with `with` or `async with`, once."""

    def __init__(self, wanted: Terms, store: str | None = None) -> None:
        self.name = wanted.name
        """What its calls carry as their `run` (or `run.1`, … inside another budget). Unlike any other's."""
        self._terms = wanted
        self._store = store
        self._backing: Backing | None = None
        self._opened: Opened | None = None
        self._scope: Scope | None = None
        self._life = Life(wanted.name)
        self._token: Token[Scope | None] | None = None

    # In and out

    def __enter__(self) -> Self:
        around = current.get()
        return self._enter(self._open(around))

    def __exit__(self, *_: object) -> None:
        self._leave()
        self._close()

    async def __aenter__(self) -> Self:
        around = current.get()
        return self._enter(await here().in_thread(lambda: self._open(around)))

    async def __aexit__(self, *_: object) -> None:
        self._leave()
        await here().in_thread(self._close)

    def bind(self, work: F) -> F:
        """The same function, spending from this budget wherever it is called: in a thread, an executor, a callback."""
        scope = self.scope

        if inspect.iscoroutinefunction(work):

            @functools.wraps(work)
            async def bound_async(*args: Any, **named: Any) -> Any:
                with within(scope):
                    return await work(*args, **named)

            return bound_async  # type: ignore[return-value]  # the same signature

        @functools.wraps(work)
        def bound(*args: Any, **named: Any) -> Any:
            with within(scope):
                return work(*args, **named)

        return bound  # type: ignore[return-value]

    @contextmanager
    def step(self, name: str, **labels: str) -> Iterator[Self]:
        """Calls inside carry this `step`, and the labels named beside it."""
        inside = self._here()
        with within(inside._replace(labels=merged(inside.labels, labels_of({"step": name, **labels})))):
            yield self

    @property
    def environ(self) -> Mapping[str, str]:
        """What a child process needs to spend from this budget: `subprocess.run(…, env={**os.environ, **run.environ})`.
        Raises Misused where the store is in memory."""
        return environ_of(self.scope)

    # What it came to

    @property
    def remaining(self) -> Amounts:
        """What new calls may still take, what calls in flight hold already taken off."""
        backing, opened = self._counted()
        left = backing.left(opened)
        return Amounts(dollars(left.get(Unit.USD)), left.get(Unit.TOKENS), left.get(Unit.CALLS))

    @property
    def spent(self) -> Amounts:
        """What its calls have cost, inner budgets included; outcomes that nobody knows yet count as what is held."""
        backing, opened = self._counted()
        return backing.spent(opened)

    @property
    def receipt(self) -> RunReceipt:
        """All its calls, added up: print it. Also when the block is over."""
        backing, opened = self._counted()
        return RunReceipt(backing.receipt(opened))

    def succeed(self, score: float | None = None, note: str = "") -> None:
        """It did what it was for; `score` from 0 to 1 says how well. Makes cost per success."""
        self._judge(success=True, score=score, note=note)

    def fail(self, score: float | None = None, note: str = "") -> None:
        """It did not."""
        self._judge(success=False, score=score, note=note)

    def cost(self, amount: str, kind: str = "tool", note: str = "", once: str = "") -> bool:
        """Note what it cost beside models: reported with the run, in no budget. False where `once` was noted before."""
        backing, opened = self._counted()
        try:
            nanos = parse_usd(amount)
        except ValueError as error:
            raise Misused(f"run.cost(): {error}") from error
        return backing.book(opened.run, nanos, kind=kind, note=note, once=once)

    def _judge(self, *, success: bool, score: float | None, note: str) -> None:
        if score is not None and not 0 <= score <= 1:
            raise Misused(f"a score is from 0 to 1, not {score}")
        backing, opened = self._counted()
        backing.judge(opened.run, success=success, score=score, note=note)

    # Inside

    @property
    def scope(self) -> Scope:
        """What its calls carry. Raises Misused before it was entered."""
        if self._scope is None:
            raise Misused("this budget is not open: use it inside its `with` block")
        return self._scope

    @property
    def local(self) -> LocalEngine:
        """The engine that counts it, for what is charged beside calls. Raises Misused where a gateway does."""
        scope = self.scope
        if is_address(scope.store):
            raise Misused(f"{self.name} is counted by the gateway at {scope.store}, not by an engine of this process")
        return local_engine(scope.store)

    def _here(self) -> Scope:
        """The scope of a budget or step within this one, where the caller is in one; else its own, whatever thread it is."""
        own, here = self.scope, current.get()
        inside = here is not None and self._life in here.lives
        return here if inside and here is not None else own

    def _open(self, around: Scope | None) -> Scope:
        if self._scope is not None:
            raise Misused("a budget is entered once; call farthing.budget(…) again for another one")
        check_process(around)
        backing = self._backing = backing_of(store_for(self._store, around))
        if self._terms.keeps and backing.in_memory:
            raise Misused(
                f"the window of {self.name!r} outlives this program, whose budgets are in memory: "
                "name a file for them, FARTHING_STORE=farthing.db"
            )
        outer = inherited() if around is None else around.labels
        depth = depth_below(outer)
        label = label_at(depth)
        labels = merged(merged(outer, self._terms.labels), ((label, self.name),))
        opened = self._opened = Opened(self._terms.budget(label), label, self.name, labels, self._terms.keeps)
        backing.open(opened)
        lives = (*(() if around is None else around.lives), self._life)
        return Scope(labels, depth, os.getpid(), backing.in_memory, backing.store, lives)

    def _enter(self, scope: Scope) -> Self:
        self._scope = scope
        self._token = current.set(scope)
        return self

    def _leave(self) -> None:
        """What it left behind (a task, a thread) is refused from here on, unless it keeps its window."""
        self._life.over = not self._terms.keeps
        token, self._token = self._token, None
        if token is not None:
            try:
                current.reset(token)
            except ValueError:  # left in another context than it was entered in, as fixtures and generators do
                current.set(None)

    def _close(self) -> None:
        backing, opened = self._counted()
        if self.scope.process == os.getpid():  # a forked child that leaves the block does not end it for its parent
            self.note_tools(backing, opened)
            backing.close(opened)

    def _counted(self) -> tuple[Backing, Opened]:
        if self._backing is None or self._opened is None or self._scope is None:
            raise Misused("this budget was never entered: use it in a `with` block")
        return self._backing, self._opened


def backing_of(store: str) -> Backing:
    """Where budgets of this store are counted. Raises BadConfig, StoreBroken or Misused."""
    return RemoteBacking(store) if is_address(store) else LocalBacking(local_engine(store))


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
    store: str | None = None,
    **labels: str,
) -> Run:
    """A budget for a block of code: `with farthing.budget("$2", tokens=200_000, calls=50, agent="triage") as run:`.

    Any of the limits, or none (then it only counts). Budgets nest: a call inside is charged to all of them, all or none.
    `labels` say whom the calls are for. `wait` is how long a call may queue for money that others hold (`"20s"`).
    `window` makes it outlive its block (`name="nightly", window="day"`); that needs a store on disk. `store` is where it is
    counted (a file, or a gateway's address), where FARTHING_STORE does not say so.

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
    return Run(terms(limit, given, name, labels), store)
