"""A budget around a block of code: what is asked inside is charged to it, and to every budget around it."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any, Self, TypeVar

from farthing.domain.budget import Unit
from farthing.domain.errors import FarthingError
from farthing.sdk.amounts import Amounts, dollars, nanos_of
from farthing.sdk.backing import Backing, LocalBacking, Opened, store_for
from farthing.sdk.binding import bound
from farthing.sdk.calls import merged
from farthing.sdk.engine import LocalEngine, engine_of, local_engine
from farthing.sdk.errors import Misused
from farthing.sdk.loops import here
from farthing.sdk.receipt import RunReceipt
from farthing.sdk.remote import RemoteBacking
from farthing.sdk.remote_ask import check_address, is_address
from farthing.sdk.scope import (
    Life,
    Scope,
    check_process,
    current,
    depth_below,
    environ_of,
    inherited,
    label_at,
    within,
    without,
)
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
        self._is_open = False
        """Whoever counts it has heard of it."""

    def __repr__(self) -> str:
        """What it limits and where it stands, without asking whoever counts it."""
        limits = dict(self._terms.rules.limits)
        most = Amounts(dollars(limits.get(Unit.USD)), limits.get(Unit.TOKENS), limits.get(Unit.CALLS))
        stands = "not entered" if self._scope is None else "over" if self._life.over else "open"
        return f"<farthing.Run {self.name}: {most}; {stands}>"

    # In and out

    def __enter__(self) -> Self:
        around = current.get()
        return self._enter(self._open(around))

    def __exit__(self, *_: object) -> None:
        self._leave()
        self._close()

    async def __aenter__(self) -> Self:
        around = current.get()
        try:
            return self._enter(await here().in_thread(lambda: self._open(around)))
        except Exception:
            raise
        except BaseException:  # cancelled: its thread goes on all the same, and takes back what it opens
            self._life.over = True
            if self._is_open:
                await here().in_thread(self._take_back)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()
        await here().in_thread(self._close)

    def bind(self, work: F) -> F:
        """The same function, spending from this budget wherever it is called: in a thread, an executor, a callback.
        Raises Misused for a generator, which runs after the call: bind what reads it."""
        return bound(work, self.scope)

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

    def cost(self, amount: str | Decimal, kind: str = "tool", note: str = "", once: str = "") -> bool:
        """Note what it cost beside models: reported with the run, in no budget. False where `once` was noted before."""
        nanos = nanos_of("run.cost():", amount)
        backing, opened = self._counted()
        return backing.book(opened.run, nanos, kind=kind, note=note, once=once)

    def _judge(self, *, success: bool, score: float | None, note: str) -> None:
        _check_score(score)
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
        return engine_of(scope, scope.store)

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
        self._is_open = True
        if self._life.over:
            self._take_back()
        lives = (*(() if around is None else around.lives), self._life)
        home = backing.home
        return Scope(labels, depth, os.getpid(), backing.in_memory, backing.store, lives, around, home)

    def _take_back(self) -> None:
        """Nobody entered it: it must not count, or beat, for ever. What cannot be taken back now is left to its beats."""
        with suppress(FarthingError):  # also where it was taken back already
            backing, opened = self._backing, self._opened
            assert backing is not None
            assert opened is not None
            backing.close(opened)

    def _enter(self, scope: Scope) -> Self:
        self._scope = scope
        current.set(scope)
        return self

    def _leave(self) -> None:
        """What it left behind (a task, a thread) is refused from here on, unless it keeps its window."""
        self._life.over = not self._terms.keeps
        current.set(without(current.get(), self._life))

    def _close(self) -> None:
        backing, opened = self._counted()
        if self.scope.process == os.getpid():  # a forked child that leaves the block does not end it for its parent
            self.note_tools(backing, opened)
            backing.close(opened)

    def _counted(self) -> tuple[Backing, Opened]:
        if self._backing is None or self._opened is None or self._scope is None:
            raise Misused("this budget was never entered: use it in a `with` block")
        return self._backing, self._opened


def _check_score(score: object) -> None:
    if score is not None and not (isinstance(score, int | float) and 0 <= score <= 1):
        raise Misused(f"a score is a number from 0 to 1, not {score!r}")


def backing_of(store: str) -> Backing:
    """Where budgets of this store are counted. Raises BadConfig, StoreBroken or Misused."""
    if not is_address(store):
        return LocalBacking(local_engine(store))
    check_address(store)
    return RemoteBacking(store)


def budget(  # noqa: PLR0913 - each by its name, as the file names them
    limit: str | Decimal | None = None,
    *,
    tokens: int | None = None,
    calls: int | None = None,
    name: str | None = None,
    window: str | None = None,
    wait: str | None = None,
    per_call: str | Decimal | None = None,
    per_output: int | None = None,
    bound: str | None = None,
    store: str | None = None,
    **labels: str,
) -> Run:
    """A budget for a block of code: `with farthing.budget("$2", tokens=200_000, calls=50, agent="triage") as run:`.

    Budgets nest: a call inside is charged to all of them, all or none. Without any limit it only counts.

    limit: dollars, as a text (`"$2"`) or a `Decimal`.
    tokens: input and output tokens together.
    calls: calls of models, each try that a client makes again included.
    per_call, per_output: dollars, and output tokens, that one call may cost at most.
    name: what its runs are called in reports; each block adds letters of its own.
    window: makes it outlive its block (`name="nightly", window="day"`); that needs a store on disk, or a gateway.
    wait: how long a call may queue for money that others hold; `"20s"` if not given, `"0s"` for not at all.
    bound: `"strict"` admits calls on their bytes and on exact counts only.
    store: where it is counted (a file, or a gateway's address), where FARTHING_STORE does not say so.
    labels: whom the calls are for: `agent="triage", team="support", user="ann"`.

    Raises Misused naming what cannot be. On entering: BadConfig or StoreBroken where the store cannot be used,
    LedgerUnavailable where the gateway is away.
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
