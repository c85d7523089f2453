"""Cost per success: the figures, and whether intervals hold what they promise."""

from math import exp
from random import Random

import pytest

from farthing.domain.money import NANOS_PER_USD
from farthing.ports.history import OutcomeRow
from farthing.reports.success import LEAST_SUCCESSES, cost_per_success, student95, wilson

WORLDS = 1_500


def row(costs, successes, *, runs=None):
    """An outcome row of judged runs: what each cost in dollars, and whether it succeeded."""
    nanos = [round(cost * NANOS_PER_USD) for cost in costs]
    return OutcomeRow(
        group=("w",),
        runs=len(costs) if runs is None else runs,
        judged=len(costs),
        succeeded=sum(successes),
        cost_nanos=sum(nanos),
        judged_nanos=sum(nanos),
        succeeded_nanos=sum(cost for cost, success in zip(nanos, successes, strict=True) if success),
        judged_square_usd=sum(cost * cost for cost in costs),
        scored=0,
        score_sum=0.0,
    )


def test_failures_are_paid_for_by_successes():
    found = cost_per_success(row([1, 2, 3, 4], [True, False, True, False]))
    assert (found.nanos, found.failed_nanos, found.rate) == (5 * NANOS_PER_USD, 6 * NANOS_PER_USD, 0.5)


def test_a_cost_per_success_is_never_rounded_down():
    assert cost_per_success(row([0.000000001] * 4, [True, True, True, False])).nanos == 2


def test_where_nothing_succeeded_there_is_no_cost_per_success():
    found = cost_per_success(row([1.0] * 40, [False] * 40))
    assert (found.nanos, found.low_nanos, found.rate, found.failed_nanos) == (None, None, 0.0, 40 * NANOS_PER_USD)


def test_where_nobody_judged_there_is_no_rate():
    found = cost_per_success(row([], [], runs=7))
    assert (found.rate, found.rate_low, found.nanos) == (None, None, None)
    assert found.why_no_interval == "no run was judged"


def test_few_successes_have_no_interval():
    few = cost_per_success(row([1.0] * 30, [True] * (LEAST_SUCCESSES - 1) + [False] * 21))
    enough = cost_per_success(row([1.0] * 30, [True] * LEAST_SUCCESSES + [False] * 20))
    assert few.low_nanos is None
    assert "successes" in few.why_no_interval
    assert enough.low_nanos < enough.nanos < enough.high_nanos
    assert enough.why_no_interval == ""


def test_runs_that_cost_nothing_have_no_interval():
    assert cost_per_success(row([0.0] * 30, [True] * 30)).why_no_interval == "its runs cost nothing"


def test_where_every_run_is_the_same_the_interval_is_a_point():
    found = cost_per_success(row([1.0] * 30, [True] * 30))
    assert found.nanos - 1 <= found.low_nanos <= found.nanos <= found.high_nanos <= found.nanos + 2


def test_a_mean_score_is_of_the_runs_that_have_one():
    scored = OutcomeRow(
        **{**{f: getattr(row([1], [True]), f) for f in OutcomeRow.__struct_fields__}, "scored": 2, "score_sum": 1.5}
    )
    assert cost_per_success(scored).mean_score == 0.75
    assert cost_per_success(row([1], [True])).mean_score is None


def covered(runs, rate, sigma, dearer, fewest=LEAST_SUCCESSES):
    """How often the interval holds the truth. Costs are log-normal, those of failures `dearer` times as high. Worlds in which
    no interval is shown count neither way; their share comes second."""
    rng = Random(f"{runs} {rate} {sigma} {dearer}")
    truth = exp(sigma * sigma / 2) * (rate + (1 - rate) * dearer) / rate * NANOS_PER_USD
    held = silent = 0
    for _ in range(WORLDS):
        successes = [rng.random() < rate for _ in range(runs)]
        costs = [rng.lognormvariate(0, sigma) * (1 if success else dearer) for success in successes]
        found = cost_per_success(row(costs, successes))
        if found.low_nanos is None:
            silent += 1
        else:
            held += found.low_nanos <= truth <= found.high_nanos
    return held / max(WORLDS - silent, 1), silent / WORLDS


@pytest.mark.parametrize("rate", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("runs", [50, 200])
def test_an_interval_holds_the_truth_95_times_in_a_hundred(runs, rate):
    held, silent = covered(runs, rate, 0.5, 1.0)
    assert 0.93 <= held <= 0.985
    assert silent < 0.1


@pytest.mark.parametrize("rate", [0.3, 0.6, 0.9])
def test_where_costs_are_very_uneven_it_still_holds_nine_times_in_ten(rate):
    held, _ = covered(100, rate, 1.0, 2.0)
    assert 0.90 <= held <= 0.985


def test_with_three_runs_in_ten_that_succeed_of_ten_no_interval_is_shown_because_none_would_hold():
    _, silent = covered(10, 0.3, 0.5, 1.0)
    assert silent == 1.0


@pytest.mark.parametrize(("freedom", "exact"), [(5, 2.5706), (9, 2.2622), (29, 2.0452), (1_000, 1.9623)])
def test_students_t_is_that_of_the_tables(freedom, exact):
    assert student95(freedom) == pytest.approx(exact, rel=1.5e-3)


def test_a_rate_has_wilsons_interval():
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(10, 10)[1] == 1.0
