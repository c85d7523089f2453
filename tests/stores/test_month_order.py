"""One month after the other."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.stores.month_order import check_next


def test_any_month_may_be_the_first():
    check_next("2026-10", None)


def test_years_turn():
    check_next("2027-01", "2026-12")
    check_next("2026-12", "2026-11")


@pytest.mark.parametrize(
    ("month", "words"),
    [("2026-12", "closed already"), ("2026-01", "closed already"), ("2027-02", "2027-01 is the next")],
)
def test_all_others_are_refused(month, words):
    with pytest.raises(BadRequest, match=words):
        check_next(month, "2026-12")
