"""Outcomes of runs, some of them summed and some of them new."""

import pytest

from farthing.domain.usage import Usage
from farthing.ports.outcomes import OtherCost, Outcome
from support.pasts import EVER, HOUR_MS, Pair


@pytest.fixture
def past():
    pair = Pair()
    yield pair
    pair.close()


def test_groups_are_the_same_whether_their_runs_are_summed_or_not(past):
    for number in range(6):
        if number == 4:
            past.pass_time(3 * HOUR_MS)
            past.durable()
            while past.fast.sum_up():
                continue
        labels = (("run", f"r{number}"), ("team", "ab"[number % 2]))
        attempt = past.attempt(past.open_call(labels=labels, prompt=f"p{number % 3}"))
        past.settle(past.settlement(attempt, Usage(input_tokens=100 + number)), "paid")
        past.judge(Outcome(run=f"r{number}", at_ms=1, success=number % 3 > 0, score=0.5 if number % 2 else None))
        past.book(OtherCost(run=f"r{number}", at_ms=1, kind="tool", nanos=number))
    past.durable()
    for by in ((), ("team",), ("prompt", "team"), ("day", "model")):
        found, wanted = past.fast.outcomes(by=by, **EVER), past.slow.outcomes(by=by, **EVER)
        assert [row.group for row in found] == [row.group for row in wanted]
        assert [(row.runs, row.succeeded, row.cost_nanos, row.succeeded_nanos, row.score_sum) for row in found] == [
            (row.runs, row.succeeded, row.cost_nanos, row.succeeded_nanos, row.score_sum) for row in wanted
        ]
