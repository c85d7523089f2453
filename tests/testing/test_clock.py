"""Clocks."""

import pytest

from farthing.testing.clock import ManualClock, system_clock


def test_a_manual_clock_stands_still_until_it_is_moved():
    clock = ManualClock(1_000)
    assert clock() == clock() == 1_000
    assert clock.advance(ms=1, seconds=2, minutes=3, hours=4) == 1_000 + 1 + 2_000 + 180_000 + 14_400_000
    assert clock() == 14_583_001


def test_a_manual_clock_does_not_go_back():
    clock = ManualClock()
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(seconds=-1)


def test_the_system_clock_counts_milliseconds_of_this_century():
    assert 1_700_000_000_000 < system_clock() < 4_100_000_000_000
