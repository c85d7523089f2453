"""Runs at one moment, part of them summed."""

import pytest

from farthing.domain.usage import Usage
from support.pasts import EVER, HOUR_MS, Pair


@pytest.fixture
def past():
    pair = Pair()
    yield pair
    pair.close()


def call(past, run):
    attempt = past.attempt(past.open_call(labels=(("run", run),)))
    past.settle(past.settlement(attempt, Usage(input_tokens=100, output_tokens=5)), "paid")


def test_a_run_that_goes_on_is_its_summed_part_and_the_calls_since(past):
    call(past, "long")
    call(past, "over")
    past.pass_time(3 * HOUR_MS)
    past.durable()
    while past.fast.sum_up():
        continue
    call(past, "long")
    past.durable()
    long, over = past.fast.runs(**EVER)
    assert (long.run, long.calls, over.run, over.calls) == ("long", 2, "over", 1)
    assert past.fast.runs(**EVER) == past.slow.runs(**EVER)
    assert past.fast.runs(order="cost", limit=1, **EVER) == (long,)
    assert past.fast.run("long") == long
