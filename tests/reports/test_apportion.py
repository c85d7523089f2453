"""Parts sum to the amount exactly, and none is a unit off its share."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from farthing.reports.apportion import apportion

WEIGHTS = st.dictionaries(st.integers(0, 20), st.integers(0, 10**15), min_size=1).filter(lambda w: sum(w.values()) > 0)


@given(st.integers(0, 10**18), WEIGHTS)
def test_parts_sum_to_the_amount_and_each_is_less_than_one_off(amount, weights):
    parts = apportion(amount, weights)
    assert sum(parts.values()) == amount
    whole = sum(weights.values())
    for name, weight in weights.items():
        assert abs(parts[name] - Fraction(amount * weight, whole)) < 1


def test_the_largest_remainder_gets_what_is_left():
    assert apportion(10, {"a": 1, "b": 1, "c": 4}) == {"a": 2, "b": 2, "c": 6}
    assert apportion(10, {"a": 5, "b": 4, "c": 4}) == {"a": 4, "b": 3, "c": 3}
    assert apportion(100, {"a": 1, "b": 2}) == {"a": 33, "b": 67}


def test_where_remainders_are_equal_the_first_gets_more():
    assert apportion(1, {"a": 1, "b": 1}) == {"a": 1, "b": 0}


def test_what_weighs_nothing_gets_nothing():
    assert apportion(7, {"a": 0, "b": 3, "c": 0}) == {"a": 0, "b": 7, "c": 0}
