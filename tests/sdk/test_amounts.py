"""Money and counts as people read them."""

from decimal import Decimal

import pytest

from farthing.sdk.amounts import Amounts, dollars, money_text, nanos_of
from farthing.sdk.errors import Misused


def test_nano_dollars_become_dollars_exactly():
    assert dollars(1) == Decimal("0.000000001")
    assert dollars(None) is None


def test_only_what_is_limited_is_shown():
    assert str(Amounts(Decimal("1.50"), None, 3)) == "$1.5, 3 calls"
    assert str(Amounts(None, None, None)) == "no limit"
    assert str(Amounts(None, 1, 1)) == "1 token, 1 call"


@pytest.mark.parametrize("amount", ["$1.50", "1.5", " 1.50 USD ", Decimal("1.5"), Decimal("15E-1")])
def test_an_amount_is_a_text_or_a_decimal(amount):
    assert nanos_of("cost", amount) == 1_500_000_000
    assert money_text("cost", amount) == "1.5 USD"


@pytest.mark.parametrize("amount", [1, 1.5, None, "much", "-1", Decimal(-1), Decimal("1E-10"), Decimal("Infinity")])
def test_what_is_no_amount_is_told_by_whose_it_is(amount):
    with pytest.raises(Misused, match=r"^search: cost "):
        nanos_of("search: cost", amount)
