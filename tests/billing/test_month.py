"""Months, days and hours in UTC."""

import pytest

from farthing.billing.month import after, before, check_month, day_span, is_over, month_of, span_of, stamp


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "26-10", "2026-1", "october", "1969-12", ""])
def test_what_is_no_month_says_how_one_is_written(text):
    with pytest.raises(ValueError, match="2026-10"):
        check_month(text)


def test_years_turn():
    assert (after("2026-12"), before("2027-01")) == ("2027-01", "2026-12")
    assert (after("2026-09"), before("2026-10")) == ("2026-10", "2026-09")


def test_a_month_lasts_from_its_first_to_the_next_ones_first_millisecond():
    since_ms, until_ms = span_of("2028-02")
    assert (stamp(since_ms), stamp(until_ms)) == ("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z")
    assert (month_of(since_ms), month_of(until_ms - 1), month_of(until_ms)) == ("2028-02", "2028-02", "2028-03")
    assert not is_over("2028-02", until_ms - 1)
    assert is_over("2028-02", until_ms)


def test_days_and_hours_have_their_own_length():
    assert [stamp(ms) for ms in day_span("2026-10-31")] == ["2026-10-31T00:00:00Z", "2026-11-01T00:00:00Z"]
    assert [stamp(ms) for ms in day_span("2026-10-31T23")] == ["2026-10-31T23:00:00Z", "2026-11-01T00:00:00Z"]
