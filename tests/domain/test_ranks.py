"""Percentiles are always numbers that happened."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.ranks import Spread, counted_rank, rank, spread


def test_the_nearest_rank_is_one_of_the_numbers():
    assert [rank(range(1, 11), percent) for percent in (1, 50, 90, 91, 100)] == [1, 5, 9, 10, 10]


def test_a_spread_of_nothing_is_zero():
    assert spread([]) == Spread(0, 0, 0, 0)
    assert spread([3]) == Spread(3, 3, 3, 3)


@given(st.lists(st.integers(0, 10**12), min_size=1).map(sorted), st.integers(1, 100))
def test_a_percentile_is_a_number_that_so_many_do_not_exceed(ordered, percent):
    found = rank(ordered, percent)
    assert found in ordered
    assert sum(number <= found for number in ordered) * 100 >= len(ordered) * percent


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 100))
def test_counting_first_changes_nothing(numbers, percent):
    assert counted_rank(Counter(numbers), percent) == rank(sorted(numbers), percent)
