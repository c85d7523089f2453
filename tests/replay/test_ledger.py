"""The replay's ledger: recorded amounts stand while model and usage do, and each call's fate is told once."""

import asyncio

from farthing.domain.budget import AccountKey, Budget, Unit
from farthing.domain.hold import Charge, Reserve, Reserved, Settlement, Spent, Void
from farthing.domain.ids import attempt_id
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage
from farthing.replay.ledger import ReplayLedger, Stands

CALL = 1 << 30
USED = Usage(input_tokens=10, output_tokens=5)
ACCOUNT = AccountKey("all", "", Unit.USD, "lifetime")


def an_ask(model="m"):
    opening = AttemptOpening(
        id=attempt_id(CALL, 1),
        call_id=CALL,
        ordinal=1,
        provider="p",
        model=model,
        book="b",
        bound="bytes",
        input_bound=10,
    )
    charge = Charge(ACCOUNT, 0, 1_000_000, over=1_000)
    return Reserve(opening=opening, call=CallOpening(id=CALL, arrived_ms=0), charges=(charge,), cap=100, floor=1)


def a_settlement(usage=USED):
    return Settlement(
        attempt=attempt_id(CALL, 1),
        spent=Spent(picos=5_000, input_tokens=10, output_tokens=5),
        usage=usage,
        cost_nanos=5,
        closing=CallClosing(id=CALL, outcome="paid", status=200, finished_ms=9),
    )


def settled(stands, usage=USED, model="m"):
    """The call's fate, and what its budget was charged."""
    ledger = ReplayLedger(lambda: 0)
    ledger.adopt([Budget(name="all", limits=((Unit.USD, 10**9),))])
    if stands is not None:
        ledger.stands[CALL] = stands
    assert isinstance(asyncio.run(ledger.reserve(an_ask(model))), Reserved)
    ledger.settle(a_settlement(usage))
    return ledger.fates.take(CALL), ledger.standing(ACCOUNT).posted


STANDS = Stands("p", "m", USED, 77, 300, "operator")


def test_what_was_billed_then_is_charged_again():
    fate, posted = settled(STANDS)
    assert (fate.cost_nanos, fate.source, posted) == (77, "operator", 77)


def test_other_usage_or_another_model_is_priced_anew():
    assert settled(STANDS, usage=Usage(input_tokens=10, output_tokens=6))[0].cost_nanos == 5
    assert settled(STANDS, model="other")[1] == 5
    assert settled(None)[1] == 5


def test_what_had_no_price_then_charges_nothing():
    fate, posted = settled(Stands("p", "m", USED, None, 0, "provider"))
    assert (fate.cost_nanos, posted) == (None, 0)


def test_a_fate_is_told_once_and_forgotten():
    ledger = ReplayLedger(lambda: 0)
    asyncio.run(ledger.reserve(an_ask()))
    ledger.void(Void(attempt=attempt_id(CALL, 1), reason="not sent"))
    assert ledger.fates.take(CALL).state == "void"
    assert ledger.fates.take(CALL).state == ""


def test_a_refused_call_has_its_closing_and_no_cost():
    ledger = ReplayLedger(lambda: 0)
    ledger.adopt([Budget(name="all", limits=((Unit.USD, 1),))])
    ledger.refuse(
        CallOpening(id=CALL, arrived_ms=0), CallClosing(id=CALL, outcome="refused", status=402, finished_ms=1)
    )
    fate = ledger.fates.take(CALL)
    assert (fate.closing.outcome, fate.cost_nanos, fate.attempts) == ("refused", 0, 0)
