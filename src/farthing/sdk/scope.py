"""What is in scope where a call is made: the labels that its budgets go by, and the store that counts them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from farthing.domain.record import Labels
from farthing.sdk.errors import Misused

RUN = "FARTHING_RUN"
STORE = "FARTHING_STORE"


class Life:
    """Whether a budget's block still runs. Work that it left behind asks."""

    __slots__ = ("name", "over")

    def __init__(self, name: str) -> None:
        self.name = name
        self.over = False


class Scope(NamedTuple):
    """One budget in scope, and all those around it."""

    labels: Labels
    depth: int
    """0 for the outermost: its calls carry its name as `run`; those of an inner one carry `run.1`, `run.2`, … beside."""
    process: int
    """Where it was opened."""
    in_memory: bool
    """Its account is in the memory of that process."""
    store: str
    """Where it is counted, as FARTHING_STORE names it."""
    lives: tuple[Life, ...] = ()
    """Of this budget and of those around it."""
    around: "Scope | None" = None
    """Of the budget around it."""
    home: Any = None
    """The engine in whose memory its account is; None where that is elsewhere. Another one of this process, started after
    that one was shut, knows nothing of the budget."""

    @property
    def ended(self) -> str:
        """The name of a budget whose block is over; "" where none is."""
        return next((life.name for life in self.lives if life.over), "")


def without(scope: Scope | None, life: Life) -> Scope | None:
    """What is in scope once this budget is left: the nearest around it whose block still runs. Where another budget, or
    none, is in scope here, that stays: a generator, say, is closed wherever it is collected. Inside a budget that still
    runs the one that was left stays around, and refuses."""
    if scope is None or not scope.lives or scope.lives[-1] is not life:
        return scope
    outer = scope.around
    while outer is not None and outer.lives and outer.lives[-1].over:
        outer = outer.around
    return outer


class Scoped(Protocol):
    """Whatever calls may be charged to: a budget."""

    @property
    def scope(self) -> Scope:
        """Raises Misused where it is not open."""
        ...


current: ContextVar[Scope | None] = ContextVar("farthing_scope", default=None)


@contextmanager
def within(scope: Scope) -> Iterator[None]:
    """What is asked inside is charged to this scope, in whatever thread or task it is."""
    token = current.set(scope)
    try:
        yield
    finally:
        current.reset(token)


def inherited() -> Labels:
    """What the process that started this one says we are a part of: a run's name, or the labels of budgets in budgets."""
    said = os.environ.get(RUN, "")
    if "=" not in said:
        return (("run", said),) if said else ()
    labels = {name: value for name, _, value in (part.partition("=") for part in said.split(","))}
    if not all(labels.values()) or "run" not in labels:
        raise Misused(f"{RUN} names a run, or labels as `run.environ` gives them, not {said!r}")
    return tuple(sorted(labels.items()))


def environ_of(scope: Scope) -> Mapping[str, str]:
    """What a child process needs to spend from these budgets. Raises Misused where they are in memory."""
    if scope.in_memory:
        raise Misused(
            f"the budgets of this program live in its memory, and no other process can spend from them; "
            f"name a file for both before the first budget: {STORE}=farthing.db"
        )
    return {RUN: ",".join(f"{name}={value}" for name, value in scope.labels), STORE: scope.store}


def label_at(depth: int) -> str:
    """The label that names a budget so many levels below the outermost."""
    return f"run.{depth}" if depth else "run"


def depth_below(labels: Labels) -> int:
    """How deep a budget is that is opened where calls carry these labels."""
    named = dict(labels)
    depth = 0
    while label_at(depth) in named:
        depth += 1
    return depth


def check_process(scope: Scope | None) -> None:
    """Raises Misused where a budget lives in the memory of another process, which cannot be spent from here."""
    if scope is not None and scope.in_memory and scope.process != os.getpid():
        raise Misused(
            f"the budget in scope lives in the memory of process {scope.process}, and a forked process cannot spend from it; "
            f"name a file for both before the first budget: {STORE}=farthing.db"
        )
