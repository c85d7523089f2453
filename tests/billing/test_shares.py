"""Parts add up to the whole, and none is off by one or more."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.billing.shares import divide, rounded


@given(st.integers(-(10**20), 10**20), st.lists(st.integers(0, 10**9), min_size=1, max_size=8).filter(any))
def test_parts_add_up_and_are_their_shares_rounded(amount, weights):
    parts = divide(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


@given(st.lists(st.fractions(-1_000, 1_000), max_size=8))
def test_rounded_amounts_add_up_to_the_rounded_sum(exact):
    parts = rounded(exact)
    assert abs(sum(parts) - sum(exact, Fraction(0))) <= Fraction(1, 2)
    assert all(abs(part - each) <= 1 for part, each in zip(parts, exact, strict=True))


def test_ties_go_to_the_first():
    assert divide(10, [1, 1, 1]) == [4, 3, 3]
    assert divide(-10, [1, 1, 1]) == [-3, -3, -4]


def test_whole_amounts_are_left_alone():
    assert rounded([Fraction(3), Fraction(1, 2), Fraction(1, 2)]) == [3, 1, 0]


def test_nothing_to_divide_by_is_a_mistake():
    with pytest.raises(AssertionError, match="how to divide"):
        divide(1, [0, 0])
