"""Functions bound to a budget: they spend from it wherever they are called, and so does what they leave to be awaited."""

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from farthing.sdk.errors import Misused
from farthing.sdk.scope import Scope, within

F = TypeVar("F", bound=Callable[..., Any])
_GENERATOR = (
    "run.bind() takes a function whose work is done when it returns, and a generator's is not: it would spend from whatever "
    "is in scope where it is read; bind the function that reads it"
)


def bound(work: F, scope: Scope) -> F:
    """The same function, in this scope. Raises Misused for a generator; where only its result shows it to be one, the call
    does."""
    if inspect.isgeneratorfunction(work) or inspect.isasyncgenfunction(work):
        raise Misused(_GENERATOR)
    if inspect.iscoroutinefunction(work):

        @functools.wraps(work)
        async def bound_async(*args: Any, **named: Any) -> Any:
            with within(scope):
                return await work(*args, **named)

        return bound_async  # type: ignore[return-value]  # the same signature

    @functools.wraps(work)
    def bound_call(*args: Any, **named: Any) -> Any:
        with within(scope):
            result = work(*args, **named)
        return _still_within(result, scope)

    return bound_call  # type: ignore[return-value]


def _still_within(result: Any, scope: Scope) -> Any:
    """What a call returned, where that is work which is still to be done: `lambda: ask(…)` of an asynchronous function."""
    if inspect.iscoroutine(result):
        return _awaited(result, scope)
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise Misused(_GENERATOR)
    return result


async def _awaited(work: Coroutine[Any, Any, Any], scope: Scope) -> Any:
    with within(scope):
        return await work
