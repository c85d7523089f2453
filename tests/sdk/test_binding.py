"""A bound function spends from its budget wherever it is called, and so does what it leaves to be awaited."""

import asyncio
from functools import partial

import pytest

from farthing.sdk.binding import bound
from farthing.sdk.errors import Misused
from farthing.sdk.scope import Life, Scope, current

SCOPE = Scope((("run", "r"),), 0, 0, True, "memory:", (Life("r"),))


def here(_=None):
    return current.get()


async def later(_=None):
    return current.get()


def words(_=None):
    yield current.get()


async def more(_=None):
    yield current.get()


@pytest.mark.parametrize("work", [here, partial(here, 1), lambda: here(1)])
def test_a_function_is_called_in_the_scope(work):
    assert bound(work, SCOPE)() is SCOPE
    assert current.get() is None


@pytest.mark.parametrize("work", [later, partial(later, 1), lambda: later(1)])
def test_what_is_awaited_runs_in_the_scope(work):
    assert asyncio.run(bound(work, SCOPE)()) is SCOPE
    assert current.get() is None


@pytest.mark.parametrize("work", [words, more, partial(words, 1)])
def test_a_generator_is_refused_at_once(work):
    with pytest.raises(Misused, match="bind the function that reads it"):
        bound(work, SCOPE)


@pytest.mark.parametrize("work", [lambda: words(1), lambda: more(1)])
def test_one_that_only_shows_when_it_is_called_is_refused_then(work):
    with pytest.raises(Misused, match="generator"):
        bound(work, SCOPE)()


def test_its_name_and_its_arguments_stay():
    same = bound(sorted, SCOPE)
    assert same.__name__ == "sorted"
    assert same([2, 1], reverse=True) == [2, 1]
