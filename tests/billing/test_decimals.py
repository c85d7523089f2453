"""Decimal text: exact, with a point, without an exponent."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.billing.decimals import decimal, nanos_of, usd_of


@pytest.mark.parametrize(
    ("amount", "places", "text"),
    [
        (1_500, 3, "1.5"),
        (0, 12, "0.0"),
        (-25, 1, "-2.5"),
        (7, 0, "7.0"),
        (1, 12, "0.000000000001"),
        (-1, 3, "-0.001"),
    ],
)
def test_amounts_are_written_as_people_expect(amount, places, text):
    assert decimal(amount, places) == text


@given(st.integers(-(10**30), 10**30), st.integers(0, 18))
def test_nothing_is_lost_and_nothing_has_an_exponent(amount, places):
    text = decimal(amount, places)
    assert Fraction(text) * 10**places == amount
    assert "." in text
    assert "e" not in text.lower()


def test_sub_nano_dollars_are_shown():
    assert usd_of(2_500_000) == "0.0000025"


def test_only_whole_nanos_can_be_nanos():
    assert nanos_of(-3_000) == -3
    with pytest.raises(AssertionError, match="no whole nano-dollars"):
        nanos_of(1)
