"""What is in scope where a call is made: the labels that its budgets go by."""

import os
from contextvars import ContextVar
from typing import NamedTuple

from farthing.domain.record import Labels
from farthing.sdk.errors import Misused

RUN = "FARTHING_RUN"


class Scope(NamedTuple):
    """One budget in scope, and all those around it."""

    labels: Labels
    depth: int
    """0 for the outermost: its calls carry its name as `run`; those of an inner one carry `run.1`, `run.2`, … beside."""
    process: int
    """Where it was opened."""
    in_memory: bool
    """Its account is in the memory of that process."""


current: ContextVar[Scope | None] = ContextVar("farthing_scope", default=None)


def labels_here() -> Labels:
    """The labels of a call that is made here: those of the scope, or the run that this process was started in."""
    scope = current.get()
    return inherited() if scope is None else scope.labels


def inherited() -> Labels:
    """What the process that started this one says we are a part of."""
    run = os.environ.get(RUN, "")
    return (("run", run),) if run else ()


def label_at(depth: int) -> str:
    """The label that names a budget so many levels below the outermost."""
    return f"run.{depth}" if depth else "run"


def check_process() -> None:
    """Raises Misused where the budget in scope lives in the memory of another process, which cannot be spent from here."""
    scope = current.get()
    if scope is not None and scope.in_memory and scope.process != os.getpid():
        raise Misused(
            f"the budget in scope lives in the memory of process {scope.process}, and a forked process cannot spend from it; "
            "name a file for both before the first budget: FARTHING_STORE=farthing.db"
        )
