"""Numbers as people read them."""

import pytest

from farthing.alerts.when import parse
from farthing.alerts.words import amount, day, moment, percent, times
from support.alerting import NOON


@pytest.mark.parametrize(
    ("millionths", "shown"), [(0, "0 %"), (800_000, "80 %"), (999_999, "99.9 %"), (1_205_000, "120.5 %")]
)
def test_a_share_is_never_shown_as_more_than_it_is(millionths, shown):
    assert percent(millionths) == shown


def test_multiples_have_one_decimal():
    assert (times(2_000_000), times(2_590_000)) == ("2x", "2.5x")


def test_moments_are_in_utc():
    assert (moment(NOON), day(NOON)) == ("2027-01-15 12:00 UTC", "2027-01-15")


def test_an_amount_is_in_the_rules_own_unit():
    assert amount(parse("budget > 80%"), 815_000) == "81.5 %"
    assert amount(parse("context_growth > 2x"), 3_000_000) == "3x"
    assert amount(parse("user_hour > 5 USD"), 5_500_000_000) == "5.5 USD"
    assert amount(parse("loop"), 4) == "4"
