"""A call as it is shown, from a record made by hand."""

import msgspec

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.record import AttemptOpening, CallOpening, MessageShape, Skeleton
from farthing.gateway.admin.call_views import view
from farthing.ports.records import Adjustment, AttemptRecord, CallRecord, Share

CALL = 1 << 22
OPENING = AttemptOpening(
    id=CALL | 1,
    call_id=CALL,
    ordinal=1,
    provider="p",
    model="m",
    book="",
    bound="bytes",
    input_bound=9,
    opened_ms=1_000,
)
SHARE = Share(AccountKey("b", "ann", Unit.USD, "lifetime"), 1_500)


def record(**attempt):
    fields = {"opening": OPENING, "state": "held", "cap": 20, "shares": (SHARE,), **attempt}
    return CallRecord(
        opening=CallOpening(id=CALL, arrived_ms=1_000, labels=(("team", "a"),), model="m"),
        closing=None,
        skeleton=Skeleton(messages=(MessageShape("user", "d" * 16, 5),)),
        attempts=(AttemptRecord(**fields),),
    )


def test_a_call_in_flight_has_no_end_and_no_cost():
    shown = view(record())
    assert (shown.outcome, shown.status, shown.finished_at, shown.cost_usd) == ("", None, None, "0")
    assert shown.attempts[0].cost_usd is None
    assert shown.attempts[0].shares[0].amount == "0.0000015"
    assert shown.skeleton.messages[0].role == "user"


def test_an_unpriced_attempt_is_not_free_but_unpriced():
    assert view(record(state="settled", cost_nanos=None)).attempts[0].cost_usd is None
    assert view(record(state="settled", cost_nanos=0)).attempts[0].cost_usd == "0"


def test_a_correction_shows_what_stood_there_and_not_the_stores_bookkeeping():
    stood = {
        "state": 2,
        "source": "provider",
        "cost_nanos": 1_500,
        "input_tokens": 8,
        "output_tokens": 2,
        "charges": [[1]],
    }
    entry = Adjustment(
        attempt=CALL | 1,
        at_ms=2_000,
        by="key boss",
        reason="r",
        before=msgspec.json.encode(stood).decode(),
        after=msgspec.json.encode({**stood, "source": "operator", "cost_nanos": None}).decode(),
    )
    (shown,) = view(msgspec.structs.replace(record(), adjustments=(entry,))).adjustments
    assert (shown.attempt, shown.before.cost_usd, shown.before.input_tokens) == (1, "0.0000015", 8)
    assert (shown.after.source, shown.after.cost_usd) == ("operator", None)
