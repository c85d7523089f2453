"""Money in settings: currencies are kept with amounts, and rates are exact."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from farthing.config import amounts
from farthing.config.values import Surroundings
from farthing.domain.budget import Unit
from farthing.domain.currency import DatedRate

HERE = Surroundings({}, Path("/nonexistent"))


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (amounts.money, "500 USD", (Unit.USD, 500 * 10**9)),
        (amounts.money, "$0.000000001", (Unit.USD, 1)),
        (amounts.money, "2.50 eur", (Unit("eur"), 2_500_000_000)),
        (amounts.currency, "EUR", Unit("eur")),
        (amounts.days, "92d", 92),
        (
            amounts.rates,
            {"2026-11-01": Decimal("1.08"), "2026-12-01": 1},
            (DatedRate(date(2026, 11, 1), Decimal("1.08")), DatedRate(date(2026, 12, 1), Decimal(1))),
        ),
    ],
)
def test_what_is_meant_is_read(read, written, value):
    assert read(written, HERE) == value


@pytest.mark.parametrize(
    ("read", "written", "says"),
    [
        (amounts.money, 500, '"500 USD"'),
        (amounts.money, "-5 USD", "not an amount"),
        (amounts.money, "$5 EUR", "not an amount"),
        (amounts.money, "0.0000000001 EUR", "nine decimals"),
        (amounts.currency, "euro", "three letters"),
        (amounts.currency, 5, "quotes"),
        (amounts.days, "36h", "whole days"),
        (amounts.rates, {}, "dated rates"),
        (amounts.rates, {"1 November": 1}, "2026-11-01"),
        (amounts.rates, {"2026-11-01": 0}, "above 0"),
        (amounts.rates, {"2026-11-01": True}, "above 0"),
        (amounts.rates, {"2026-11-01": Decimal("1.0000000000001")}, "twelve digits"),
    ],
)
def test_what_cannot_be_meant_is_answered_with_what_to_write(read, written, says):
    with pytest.raises(ValueError, match=says):
        read(written, HERE)
