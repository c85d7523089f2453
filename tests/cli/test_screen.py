"""Amounts are exact, bars are honest, tables fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.cli.screen import BAR_WIDTH, bar, dollars, moment, quantity, stamp
from farthing.domain.budget import Unit
from farthing.domain.money import parse_usd

amounts = st.integers(0, 10**15)


@pytest.mark.parametrize(
    ("nanos", "shown"),
    [
        (0, "$0"),
        (1, "$0.000000001"),
        (61_200, "$0.0000612"),
        (5_000_000_000, "$5"),
        (1_500_000_000, "$1.50"),
        (1_234_567_000_000_000, "$1,234,567"),
        (-20_000_000, "-$0.02"),
        (None, "unpriced"),
    ],
)
def test_dollars_are_exact_and_short(nanos, shown: str):
    assert dollars(nanos) == shown


@given(amounts)
def test_what_is_shown_can_be_read_back(nanos: int):
    assert parse_usd(dollars(nanos)) == nanos


def test_counts_are_whole():
    assert quantity(Unit.TOKENS, 5_000_000) == "5,000,000"
    assert quantity(Unit.USD, 1) == "$0.000000001"


@given(amounts, amounts, amounts, amounts)
def test_a_bar_is_always_as_wide_and_full_only_when_nothing_is_left(limit, spent, unknown, held):
    shown = bar(limit=limit, spent=spent, unknown=unknown, held=held).plain
    assert len(shown) == BAR_WIDTH
    if spent + unknown + held >= limit > 0:
        assert "·" not in shown
    if spent > 0:
        assert shown.startswith("█")
    if spent + unknown + held == 0:
        assert set(shown) == {"·"}


def test_the_parts_of_a_bar_stand_in_order():
    assert bar(limit=24, spent=6, unknown=6, held=6).plain == "█" * 6 + "▓" * 6 + "▒" * 6 + "·" * 6


def test_no_moment_is_nothing():
    assert moment(0) == ""
    assert stamp(None) is None
    assert stamp(1_795_307_893_537) == "2026-11-22T00:38:13.537+00:00"
