"""Budgets from evidence: percentiles are runs that happened, and a limit is never below what it was derived from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.budgets.suggest import FEWEST_RUNS, RunCost, rounded_up, suggest


def runs(kind: str, *nanos: int) -> list[RunCost]:
    return [RunCost(kind, cost, cost // 10, 3) for cost in nanos]


def test_the_limit_is_the_ninetieth_percentile_and_a_fifth_more() -> None:
    (found,) = suggest(runs("triage", *(1_000_000 * cost for cost in range(1, 101))))
    assert (found.nanos.p50, found.nanos.p90, found.nanos.p99, found.nanos.most) == (
        50_000_000,
        90_000_000,
        99_000_000,
        100_000_000,
    )
    assert found.limit_nanos == 110_000_000  # 108 million, rounded up to two digits
    assert found.stopped == 0


def test_a_runaway_is_counted_among_those_it_would_have_stopped() -> None:
    (found,) = suggest(runs("triage", *[1_000] * 99, 1_000_000))
    assert found.limit_nanos == 1_200
    assert found.stopped == 1


def test_another_percentile_may_be_asked_for() -> None:
    (found,) = suggest(runs("triage", *[1_000] * 95, *[5_000] * 5), percentile=99, headroom_percent=0)
    assert (found.limit_nanos, found.stopped) == (5_000, 0)


def test_too_few_runs_are_no_evidence() -> None:
    (found,) = suggest(runs("triage", *[1_000] * (FEWEST_RUNS - 1)))
    assert found.limit_nanos is None
    assert found.nanos.most == 1_000


def test_runs_that_cost_nothing_suggest_no_limit_of_nothing() -> None:
    (found,) = suggest(runs("free", *[0] * 20))
    assert found.limit_nanos is None


def test_a_run_whose_cost_is_not_known_yet_is_left_out_and_counted() -> None:
    (found,) = suggest([*runs("triage", *[1_000] * 10), RunCost("triage", 10**9, 1, 1, open=True)])
    assert (found.runs, found.left_out, found.nanos.most) == (10, 1, 1_000)


def test_kinds_are_kept_apart_and_the_dearest_comes_first() -> None:
    found = suggest([*runs("cheap", *[10] * 9), *runs("dear", *[1_000] * 9)])
    assert [each.kind for each in found] == ["dear", "cheap"]


def test_without_runs_there_is_nothing_to_suggest() -> None:
    assert suggest([]) == ()


@pytest.mark.parametrize(
    ("amount", "rounded"), [(0, 0), (7, 7), (99, 99), (101, 110), (478_123, 480_000), (480_000, 480_000)]
)
def test_amounts_are_rounded_up_to_two_digits(amount: int, rounded: int) -> None:
    assert rounded_up(amount) == rounded


@given(st.integers(0, 10**18))
def test_rounding_up_adds_less_than_a_tenth(amount: int) -> None:
    assert amount <= rounded_up(amount) <= amount * 11 // 10
