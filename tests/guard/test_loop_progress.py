"""What counts as progress between two calls."""

import pytest

from farthing.guard.loop_progress import NEWS_THAT_COUNT, Progress
from support.agent_runs import Done, did

READ: Done = ("read_file", '{"path":"a"}', "one")


def made(*between: Done, before: tuple[Done, ...] = ()) -> bool:
    """Whether anything was got done between two calls of the same."""
    uses = did(*before, READ, *between, READ)
    return Progress(uses).made(len(before), len(uses) - 1)


def news(n: int) -> Done:
    return ("read_file", f'{{"path":"p{n}"}}', f"text {n}")


@pytest.mark.parametrize("act", [("edit_file", "{}", "ok"), ("bash", '{"command":"make"}', ""), ("go", "{}", "gone")])
def test_a_new_act_is_progress(act: Done):
    assert made(act)


def test_an_act_that_was_done_before_is_none_and_neither_is_one_that_fails():
    act = ("edit_file", "{}", "ok")
    assert not made(act, before=(act,))
    assert not made(("edit_file", "{}", "Error: read-only"))


def test_an_act_with_another_result_is_new():
    assert made(("bash", "{}", "two"), before=(("bash", "{}", "one"),))


def test_some_new_answers_are_progress():
    enough = [news(n) for n in range(NEWS_THAT_COUNT)]
    assert made(*enough)
    assert not made(*enough[1:])


def test_answers_that_say_nothing_new_are_none():
    assert not made(*[("search", f'{{"q":{n}}}', "[]") for n in range(2 * NEWS_THAT_COUNT)])
    assert not made(*[("search", f'{{"q":{n}}}', f"Error: {n}") for n in range(2 * NEWS_THAT_COUNT)])
    known = [news(n) for n in range(NEWS_THAT_COUNT)]
    assert not made(*known, before=tuple(known))


def test_nothing_happens_between_neighbours():
    assert not made()
    assert not Progress(did(("edit_file", "{}", "ok"), ("bash", "{}", "ok"))).made(0, 1)


def test_waiting_is_seen():
    uses = did(READ, ("sleep", "{}", "ok"), READ, READ)
    assert Progress(uses).waited(0, 2)
    assert not Progress(uses).waited(2, 3)
