"""Money: exact both ways, and never written with an exponent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.money import MAX_NANOS, nanos_from_picos, parse_usd, usd


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("$1.50", 1_500_000_000),
        ("500 USD", 500_000_000_000),
        ("500usd", 500_000_000_000),
        ("2", 2_000_000_000),
        (".25", 250_000_000),
        ("1_000", 1_000_000_000_000),
        ("$1,234.5", 1_234_500_000_000),
        ("0.000000001", 1),
        ("0", 0),
    ],
)
def test_amounts_are_read_as_people_write_them(text, nanos):
    assert parse_usd(text) == nanos


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not an amount"),
        ("-1", "not an amount"),
        ("1e3", "not an amount"),
        ("NaN", "not an amount"),
        ("$", "not an amount"),
        ("5 EUR", "in EUR"),
        ("0.0000000001", "finer than a nano-dollar"),
        (str(10**10), "larger than"),
    ],
)
def test_what_is_no_amount_is_refused_with_the_reason(text, says):
    with pytest.raises(ValueError, match=says):
        parse_usd(text)


@given(st.integers(-MAX_NANOS, MAX_NANOS))
def test_an_amount_is_shown_exactly_and_without_an_exponent(nanos):
    text = usd(nanos)
    assert Decimal(text) * 1_000_000_000 == nanos
    assert "e" not in text.lower()
    assert not text.endswith(".")


@given(st.integers(0, MAX_NANOS))
def test_what_is_shown_can_be_read_back(nanos):
    assert parse_usd(usd(nanos)) == nanos


@given(st.integers(0, 10**24))
def test_rounding_goes_up_and_by_less_than_a_nano_dollar(picos):
    nanos = nanos_from_picos(picos)
    assert 0 <= nanos * 1_000 - picos < 1_000
