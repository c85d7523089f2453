"""What is wrong, or worth a look, in `[guard]` and `[[limits]]`."""

from collections.abc import Iterator

from farthing.config.problems import Problem
from farthing.config.settings import File, Guard, Key, Limit
from farthing.domain.budget import Unit

_LASTING = ("minutes", "steps", "tool_calls", "cost")
"""Counters that only a new run, or a pause, sets back to zero."""


def guard_problems(settings: File) -> Iterator[Problem]:
    """What cannot be accepted."""
    guard = settings.guard
    if guard is not None and guard.same_call == 1:
        yield Problem(("guard", "same_call"), "must be 2 or more: one call is no repetition")
    if guard is not None and guard.cost is not None and guard.cost.unit is not Unit.USD:
        yield Problem(("guard", "cost"), "must be in USD; limits in other currencies are budgets")
    for index, limit in enumerate(settings.limits):
        if limit.requests is None and limit.tokens is None and limit.concurrency is None:
            yield Problem(("limits", index), "limits nothing: give it requests, tokens or concurrency")
        if any(other.match == limit.match and other.per == limit.per for other in settings.limits[:index]):
            yield Problem(("limits", index), "has the match and the window of an earlier one; put them together")


def guard_warnings(settings: File) -> Iterator[Problem]:
    """What is accepted but deserves a look."""
    if settings.guard is not None:
        yield from _endless(settings.guard, settings.keys)
    for index, limit in enumerate(settings.limits):
        yield from _avoidable(limit, index, settings.keys)


def _endless(guard: Guard, keys: tuple[Key, ...]) -> Iterator[Problem]:
    """A session without a run ends when its agent pauses; one that never does reaches any limit some day."""
    lasting = [name for name in _LASTING if getattr(guard, name) is not None]
    without = [key.name for key in keys if "run" not in key.may_set and "run" not in dict(key.labels)]
    if lasting and without and guard.do == "block":
        yield Problem(
            ("guard", lasting[0]),
            f"counts until a new run or a pause of {guard.idle_after_seconds / 60:g} min, and callers with "
            f"{_names(without)} cannot name a run: an agent that never pauses is stopped some day. Add run to may_set",
        )


def _avoidable(limit: Limit, index: int, keys: tuple[Key, ...]) -> Iterator[Problem]:
    """Callers who may leave out a label that the limit wants."""
    for label, _ in limit.match:
        free = [key.name for key in keys if label in key.may_set and label not in key.require]
        if free:
            yield Problem(
                ("limits", index, "match"),
                f'callers with {_names(free)} avoid it by leaving out {label}; add require = ["{label}"]',
            )


def _names(keys: list[str]) -> str:
    shown = ", ".join(repr(key) for key in keys[:3])
    return f"the key{'s' if len(keys) > 1 else ''} {shown}" + (" and others" if len(keys) > 3 else "")
