"""Moments and amounts as the admin side writes them."""

import msgspec
import pytest

from farthing.domain.budget import Unit
from farthing.domain.errors import BadRequest
from farthing.domain.money import MAX_NANOS
from farthing.gateway.admin.shown import amount_in, at, moment


def test_moments_are_iso_8601_in_utc_to_the_millisecond():
    assert msgspec.json.encode(at(1_767_225_600_123)) == b'"2026-01-01T00:00:00.123000Z"'
    assert moment(0) is None
    assert moment(None) is None


def test_amounts_are_decimal_strings_in_their_unit():
    assert amount_in(Unit.USD, "0.000000001", "x") == 1
    assert amount_in(Unit.USD, "$1.50", "x") == 1_500_000_000
    assert amount_in(Unit.TOKENS, "5000000", "x") == 5_000_000


@pytest.mark.parametrize("text", ["", "1.5", "-1", "1e3", "1_000", " 1", "٣", str(MAX_NANOS + 1), "9" * 40])
def test_what_is_no_count_is_refused(text):
    with pytest.raises(BadRequest) as caught:
        amount_in(Unit.CALLS, text, "limits.calls")
    assert caught.value.field == "limits.calls"
