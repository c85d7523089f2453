"""What is in scope, and how a child process hears of it."""

import os

import pytest

from farthing.sdk.errors import Misused
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
from support.sdk_world import sdk

LABELS = (("agent", "triage"), ("run", "a"), ("run.1", "b"))


def scope(**more):
    return Scope(**{"labels": LABELS, "depth": 1, "process": os.getpid(), "in_memory": False, "store": "f.db", **more})


def test_a_child_process_hears_of_all_budgets_around_it():
    said = environ_of(scope())
    assert said == {"FARTHING_RUN": "agent=triage,run=a,run.1=b", "FARTHING_STORE": "f.db"}
    with sdk(run=said["FARTHING_RUN"]):
        assert inherited() == LABELS


def test_a_run_may_be_named_alone():
    with sdk(run="run-42"):
        assert inherited() == (("run", "run-42"),)
    with sdk():
        assert inherited() == ()


@pytest.mark.parametrize("said", ["team=a", "run=", "run=a,x"])
def test_what_names_no_run_is_refused(said):
    with sdk(run=said), pytest.raises(Misused, match="FARTHING_RUN"):
        inherited()


def test_what_is_in_memory_cannot_be_handed_to_another_process():
    with pytest.raises(Misused, match="FARTHING_STORE"):
        environ_of(scope(in_memory=True))
    with pytest.raises(Misused, match="forked"):
        check_process(scope(in_memory=True, process=1))
    check_process(scope(process=1))
    check_process(None)


def test_budgets_in_budgets_are_told_apart_by_their_depth():
    assert [label_at(depth) for depth in range(3)] == ["run", "run.1", "run.2"]
    assert depth_below(()) == 0
    assert depth_below(LABELS) == 2


def test_a_scope_ends_with_any_block_around_it():
    outer, inner = Life("a"), Life("b")
    found = scope(lives=(outer, inner))
    assert found.ended == ""
    outer.over = True
    assert found.ended == "a"


def test_a_scope_holds_inside_and_not_after():
    with within(scope()):
        assert current.get() == scope()
    assert current.get() is None


def test_leaving_a_budget_brings_back_the_nearest_around_it_that_still_runs():
    lives = [Life(name) for name in "abc"]
    scopes = [None]
    for at, _ in enumerate(lives):
        scopes.append(Scope((), at, 0, True, "memory:", tuple(lives[: at + 1]), scopes[-1]))
    assert without(scopes[3], lives[2]) is scopes[2]
    lives[1].over = True
    assert without(scopes[3], lives[2]) is scopes[1]
    assert without(scopes[3], lives[0]) is scopes[3], "another budget is in scope here"
    assert without(None, lives[0]) is None
