"""A gateway's address as a store, and what is said where it cannot be used."""

import pytest

from farthing.domain.budget import Budget, Unit
from farthing.domain.errors import LedgerUnavailable
from farthing.sdk.backing import Opened
from farthing.sdk.remote import RemoteBacking, _base, _rules


def test_a_budget_is_told_in_the_words_of_the_admin_side():
    budget = Budget(name="x", limits=((Unit.USD, 10**9), (Unit.CALLS, 4)), per_call=5 * 10**8)
    assert _rules(budget) == {
        "limits": {"usd": "1", "calls": "4"},
        "window": "lifetime",
        "wait_seconds": 20.0,
        "bound": "auto",
        "per_call": "0.5",
    }
    assert _base(Unit.USD, "0.000000001") == 1
    assert _base(Unit.CALLS, "4") == 4
    assert _base(Unit.CALLS, None) is None


def test_a_gateway_that_is_not_there_is_named():
    opened = Opened(Budget(name="x"), "run", "x", (("run", "x"),), keeps=False)
    with pytest.raises(LedgerUnavailable, match=r"127\.0\.0\.1:9"):
        RemoteBacking("http://127.0.0.1:9/").open(opened)
