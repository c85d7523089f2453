"""A run: entered once, bound to functions, and asked what it came to."""

import asyncio
import os
import threading

import pytest

import farthing
from farthing.sdk.scope import current
from support.sdk_world import sdk


@pytest.fixture(autouse=True)
def memory():
    with sdk():
        yield


def test_it_is_entered_once_and_not_asked_before():
    run = farthing.budget("$1")
    for ask in (lambda: run.spent, lambda: run.remaining, lambda: run.receipt, run.succeed, lambda: run.bind(print)):
        with pytest.raises(farthing.Misused, match="with"):
            ask()
    with run, pytest.raises(farthing.Misused, match="once"):
        run.__enter__()


def test_nothing_spent_is_all_left():
    with farthing.budget("$2", tokens=10, calls=3) as run:
        assert run.remaining == (2, 10, 3)
        assert run.spent == (0, 0, 0)
    assert run.remaining == (2, 10, 3), "also when the block is over"
    assert "0 calls" in str(run.receipt)


def test_a_bound_function_has_the_scope_wherever_it_runs():
    with farthing.budget("$1") as run:
        seen = []
        thread = threading.Thread(target=run.bind(lambda: seen.append(current.get())))
        thread.start()
        thread.join()
        assert seen == [run.scope]

        async def work():
            return current.get()

        bound = run.bind(work)
    assert asyncio.run(bound()) == run.scope
    assert run.scope.ended == run.name


def test_labels_and_steps_go_with_the_calls_inside():
    with farthing.budget(team="support") as run, run.step("plan", agent="a"):
        assert dict(current.get().labels) == {"team": "support", "run": run.name, "step": "plan", "agent": "a"}
    assert current.get() is None


def test_nonsense_is_refused_in_words():
    with farthing.budget("$1") as run:
        with pytest.raises(farthing.Misused, match="0 to 1"):
            run.succeed(1.5)
        with pytest.raises(farthing.Misused, match="cost"):
            run.cost("much")
    with pytest.raises(farthing.Misused, match="FARTHING_STORE"), farthing.budget(calls=1, name="n", window="day"):
        raise AssertionError("it was entered")


def test_budgets_within_keep_to_the_store_of_the_outermost(monkeypatch, tmp_path):
    with farthing.budget("$1") as outer:
        monkeypatch.setenv("FARTHING_STORE", str(tmp_path / "other.db"))
        with farthing.budget("$1") as inner:
            assert inner.scope.store == outer.scope.store == "memory:"
    assert not os.listdir(tmp_path)


def test_it_shows_what_it_limits_and_where_it_stands():
    run = farthing.budget("$2", calls=1, name="triage")
    assert repr(run) == f"<farthing.Run {run.name}: $2, 1 call; not entered>"
    with run:
        assert repr(run).endswith("; open>")
    assert repr(run).endswith("; over>")
    assert "no limit" in repr(farthing.budget())


def test_a_part_of_what_is_left_is_a_budget():
    with farthing.budget("$2") as run, farthing.budget(run.remaining.usd / 4) as part:
        assert str(part.remaining) == "$0.5"


@pytest.mark.parametrize("ask", [lambda run: run.succeed("good"), lambda run: run.fail(2), lambda run: run.cost(0.5)])
def test_a_word_that_cannot_be_is_named(ask):
    with farthing.budget("$2") as run, pytest.raises(farthing.Misused, match=r"a score|run\.cost"):
        ask(run)


def test_the_address_of_a_client_is_not_that_of_a_gateway():
    with pytest.raises(farthing.Misused, match=r"without /v1: http://127\.0\.0\.1:4141$"):
        farthing.budget("$1", store="http://127.0.0.1:4141/v1").__enter__()
