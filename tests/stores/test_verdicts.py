"""What a decision makes of a request; the stores' own promises are in tests/contracts/test_approvals.py."""

import msgspec
import pytest

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.errors import BadRequest
from farthing.ports.approvals import Petition, opened
from farthing.stores import verdicts

NOW = 1_790_000_000_000
ASKED = Petition(accounts=((AccountKey("all", "", Unit.USD, "w"), NOW + 100),), budget="all", short=5, worst=9)
OPEN = opened(16, ASKED, NOW)


def granted(found=OPEN, amount=None, now_ms=NOW, reason=""):
    return verdicts.granted(found, 16, by="ann", reason=reason, amount=amount, now_ms=now_ms)


def test_a_grant_names_the_approval_and_its_reason():
    made, (grant,) = granted(reason="a big day")
    assert (made.state, made.amount) == ("granted", 5)
    assert (grant.by, grant.amount, grant.reason) == ("ann", 5, "appr_0000000000000010: a big day")
    assert granted()[1][0].reason == "appr_0000000000000010"


def test_a_threshold_is_passed_without_an_amount_and_raised_with_one():
    at = msgspec.structs.replace(OPEN, petition=msgspec.structs.replace(ASKED, at_millionths=500_000, short=0))
    assert granted(at)[1] == ()
    assert granted(at, amount=3)[1][0].amount == 3


def test_what_was_decided_stays_as_it_is_even_after_its_time():
    made, _ = granted()
    assert granted(made, amount=7, now_ms=NOW + 10**9) == (made, ())
    assert verdicts.declined(made, 16, by="bob", reason="", now_ms=NOW + 10**9) is made


def test_a_closed_window_is_said_to_be_the_reason():
    with pytest.raises(BadRequest, match="window has closed"):
        granted(now_ms=NOW + 100)


@pytest.mark.parametrize("amount", [0, -5, 10**30])
def test_nothing_and_less_than_nothing_are_no_amounts(amount):
    with pytest.raises(BadRequest):
        granted(amount=amount)


def test_joining_keeps_the_larger_of_each():
    more = msgspec.structs.replace(ASKED, short=3, worst=12)
    joined = verdicts.joined(OPEN, more)
    assert (joined.petition.short, joined.petition.worst) == (5, 12)
    assert verdicts.joined(OPEN, ASKED) is OPEN
