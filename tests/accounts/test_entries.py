"""What moved on which account, and when: what is held comes back, what was posted adds up, corrections included."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.accounts.entries import entries
from farthing.domain.budget import AccountKey, Unit
from farthing.ports.records import Adjustment, Share
from support.recorded import a_call

MONEY = AccountKey("all", "", Unit.USD, "lifetime")
CALLS = AccountKey("all", "", Unit.CALLS, "lifetime")


def shares(*posted):
    return tuple(Share(account, 1_500, each) for account, each in zip((MONEY, CALLS), posted, strict=True))


def corrected(call, before, after, at_ms=9_000_000_000_000):
    entry = Adjustment(
        attempt=call.attempts[0].opening.id,
        at_ms=at_ms,
        by="ada",
        reason="the invoice",
        before=msgspec.json.encode(before).decode(),
        after=msgspec.json.encode(after).decode(),
    )
    return msgspec.structs.replace(call, adjustments=(*call.adjustments, entry))


def told(call):
    return [(entry.act, entry.account.unit.value, entry.held, entry.posted) for entry in entries(call)]


def test_a_settled_attempt_held_and_then_posted_what_it_cost():
    call = a_call(1, attempts=({"shares": shares(700, 1)},))
    assert told(call) == [
        ("held", "usd", 1_500, 0),
        ("held", "calls", 1_500, 0),
        ("settled", "usd", -1_500, 700),
        ("settled", "calls", -1_500, 1),
    ]


@pytest.mark.parametrize("state", ["held", "unknown"])
def test_what_is_open_only_holds(state):
    assert {entry.act for entry in entries(a_call(1, attempts=({"state": state, "shares": shares(None, None)},)))} == {
        "held"
    }


def test_a_retry_gives_its_first_hold_back():
    call = a_call(1, attempts=({"state": "void", "shares": shares(0, 0), "settled_ms": None}, {"shares": shares(7, 1)}))
    first = [entry for entry in entries(call) if entry.attempt == 1]
    assert [(entry.act, entry.held, entry.posted) for entry in first if entry.account == MONEY] == [
        ("held", 1_500, 0),
        ("released", -1_500, 0),
    ]


def test_a_policys_charge_is_called_so():
    call = a_call(1, attempts=({"source": "estimate", "shares": shares(1_500, 1)},))
    assert {entry.act for entry in entries(call)} == {"held", "estimated"}


def test_a_correction_moves_the_difference():
    call = a_call(1, attempts=({"source": "operator", "shares": shares(900, 1)},))
    call = corrected(call, {"source": "provider", "posted": [700, 1]}, {"source": "operator", "posted": [900, 1]})
    money = [(entry.act, entry.posted) for entry in entries(call) if entry.account == MONEY]
    assert money == [("held", 0), ("settled", 700), ("corrected", 200)]


def test_an_unknown_outcome_that_was_corrected_was_never_settled_before():
    call = a_call(1, attempts=({"source": "operator", "shares": shares(0, 1)},))
    call = corrected(call, {"posted": None}, {"posted": [0, 1]})
    assert {entry.act for entry in entries(call)} == {"held", "corrected"}


amounts = st.integers(0, 10**12)


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=4), st.booleans())
def test_over_time_they_come_to_what_the_shares_say(posts, first_unknown):
    """However often somebody corrected it."""
    call = a_call(1, attempts=({"shares": shares(*posts[-1])},))
    before = None if first_unknown and len(posts) > 1 else posts[0]
    for place, after in enumerate(posts[1:]):
        call = corrected(call, {"posted": before}, {"posted": after}, at_ms=9_000_000_000_000 + place)
        before = after
    for place, share in enumerate(call.attempts[0].shares):
        mine = [entry for entry in entries(call) if entry.account == share.account]
        assert sum(entry.posted for entry in mine) == posts[-1][place] == share.amount
        assert sum(entry.held for entry in mine) == 0
