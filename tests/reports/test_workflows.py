"""Benchmarks by kind of run: spreads of what is known, sums of everything."""

from farthing.domain.usage import Usage
from farthing.ports.history import RunRow
from farthing.ports.outcomes import Outcome
from farthing.reports.workflows import benchmarks, outcome_row


def run(name, nanos, *, workflow="triage", other=0, success=None, score=None, open=0):
    outcome = None if success is None else Outcome(run=name, at_ms=1, success=success, score=score)
    return RunRow(
        run=name,
        labels=(("workflow", workflow),) if workflow else (),
        prompt="",
        models=("gpt-4o",),
        first_ms=0,
        last_ms=1,
        calls=3,
        refused=0,
        attempts=3,
        open=open,
        unpriced=0,
        usage=Usage(input_tokens=10, output_tokens=5),
        largest_input_tokens=10,
        cost_nanos=nanos,
        naive_nanos=nanos,
        other_nanos=other,
        outcome=outcome,
    )


def test_costs_beside_models_are_part_of_a_run():
    (found,) = benchmarks([run(f"r{n}", n, other=100) for n in range(1, 101)])
    assert (found.nanos.p50, found.nanos.p90, found.nanos.p99, found.nanos.most) == (150, 190, 199, 200)
    assert (found.tokens.p50, found.calls.p50, found.cost_nanos) == (15, 3, 5_050 + 10_000)


def test_runs_that_are_not_wholly_known_are_in_the_sum_and_in_no_percentile():
    (found,) = benchmarks([run("a", 10), run("b", 1, open=1)])
    assert (found.runs, found.left_out, found.nanos.p50, found.cost_nanos) == (2, 1, 10, 11)


def test_the_dearest_kind_comes_first_and_runs_without_it_are_one_kind():
    found = benchmarks([run("a", 10), run("b", 99, workflow="")])
    assert [each.kind for each in found] == ["", "triage"]


def test_what_runs_came_to_is_summed_as_history_would():
    row = outcome_row(("w",), [run("a", 10, other=2, success=True, score=0.5), run("b", 7, success=False), run("c", 1)])
    assert (row.runs, row.judged, row.succeeded, row.scored, row.score_sum) == (3, 2, 1, 1, 0.5)
    assert (row.cost_nanos, row.judged_nanos, row.succeeded_nanos) == (20, 19, 12)
