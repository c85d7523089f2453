"""Money and counts as people read them."""

from decimal import Decimal

from farthing.sdk.amounts import Amounts, dollars


def test_nano_dollars_become_dollars_exactly():
    assert dollars(1) == Decimal("0.000000001")
    assert dollars(None) is None


def test_only_what_is_limited_is_shown():
    assert str(Amounts(Decimal("1.50"), None, 3)) == "$1.5, 3 calls"
    assert str(Amounts(None, None, None)) == "no limit"
