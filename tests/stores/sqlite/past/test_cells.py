"""Answers from sums and from the calls that are not summed yet."""

import pytest

from farthing.domain.usage import Usage
from support.pasts import EVER, HOUR_MS, Pair


@pytest.fixture
def past():
    pair = Pair()
    yield pair
    pair.close()


def call(past, user, tokens):
    attempt = past.attempt(past.open_call(labels=(("user", user),)))
    past.settle(past.settlement(attempt, Usage(input_tokens=tokens)), "paid")


def test_the_dearest_are_found_among_what_is_summed_and_what_is_not(past):
    for number in range(120):  # so many values make the label wide
        call(past, f"u{number:03}", 100 + number)
    past.pass_time(3 * HOUR_MS)
    past.durable()
    while past.fast.sum_up():
        continue
    call(past, "u000", 5_000)
    call(past, "new", 215)
    past.durable()
    found = past.fast.usage(by=("user",), limit=3, **EVER)
    assert [row.group for row in found] == [("u000",), ("u119",), ("u118",)]
    assert found == past.slow.usage(by=("user",), limit=3, **EVER)
    assert past.fast.usage(by=("user", "model"), limit=7, **EVER) == past.slow.usage(
        by=("user", "model"), limit=7, **EVER
    )


def test_of_a_run_the_steps_are_those_of_its_calls(past):
    for step in "xyx":
        attempt = past.attempt(past.open_call(labels=(("run", "r"), ("step", step))))
        past.settle(past.settlement(attempt, Usage(input_tokens=10)), "paid")
    past.durable()
    rows = past.fast.usage(by=("step",), where=(("run", "r"),), **EVER)
    assert [(row.group, row.calls) for row in rows] == [(("x",), 2), (("y",), 1)]
    assert past.fast.usage(by=("step",), where=(("run", "r"),), limit=1, **EVER) == rows[:1]
