"""What the ledger in memory tells: attempts change state, accounts add up, and the oldest calls are forgotten."""

import msgspec

from farthing.budgets.open_hold import Ended, OpenHold, Part
from farthing.domain.hold import Charge, Loss, Reserve, Reserved, Settlement, Spent
from farthing.domain.ids import EPOCH_MS, attempt_id
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage
from farthing.ports.records import Share
from farthing.stores.memory.records import Records
from support.recorded import TEAM, a_call, call_id

CALL = call_id(1, EPOCH_MS)
ATTEMPT = attempt_id(CALL, 1)
HOLD = OpenHold(ATTEMPT, (Part(TEAM, 500, 1, 1_000),))
SPENT = Spent(picos=200_000, input_tokens=3, output_tokens=4)


def a_reserve(ordinal=1) -> Reserve:
    opening = AttemptOpening(
        id=CALL + ordinal,
        call_id=CALL,
        ordinal=ordinal,
        provider="openai",
        model="m",
        book="",
        bound="bytes",
        input_bound=3,
    )
    call = CallOpening(id=CALL, arrived_ms=EPOCH_MS) if ordinal == 1 else None
    return Reserve(opening=opening, call=call, charges=(Charge(TEAM, 0, 0, closes_ms=77),), cap=10, floor=10)


def a_settlement(**changes) -> Settlement:
    usage = Usage(input_tokens=3, output_tokens=4)
    given = {"attempt": ATTEMPT, "spent": SPENT, "usage": usage, "cost_nanos": 200, "settled_ms": 9, **changes}
    return Settlement(**given)


def records_with_a_hold() -> Records:
    records = Records()
    records.held(a_reserve(), Reserved(10, False, ((TEAM, 500),), None), HOLD)
    return records


def balance(records) -> tuple[int, int, int]:
    (standing,) = records.accounts("team")
    return standing.posted, standing.held, standing.unknown


def the_attempt(records, ordinal=1):
    return records.call(CALL).attempts[ordinal - 1]


def test_a_hold_is_counted_on_its_accounts():
    records = records_with_a_hold()
    assert balance(records) == (0, 500, 0)
    assert records.accounts()[0].closes_ms == 77
    assert the_attempt(records).state == "held"


def test_a_settled_attempt_posts_what_it_spent():
    records = records_with_a_hold()
    records.settled(a_settlement(), Ended(HOLD, (200,)))
    records.closed(CallClosing(id=CALL, outcome="paid", status=200, finished_ms=9))
    assert balance(records) == (200, 0, 0)
    assert (the_attempt(records).state, the_attempt(records).cost_nanos) == ("settled", 200)
    assert the_attempt(records).shares == (Share(TEAM, 500, 200),)
    assert records.call(CALL).closing.outcome == "paid"


def test_a_voided_attempt_posts_nothing():
    records = records_with_a_hold()
    records.voided("refused connection", Ended(HOLD, (0,)), 9)
    assert balance(records) == (0, 0, 0)
    assert (the_attempt(records).state, the_attempt(records).reason) == ("void", "refused connection")


def test_an_unknown_outcome_is_charged_as_an_estimate():
    records = records_with_a_hold()
    records.lost(Loss(attempt=ATTEMPT, seen=SPENT, due_ms=50, reason="reset", flags=("drained",)))
    assert balance(records) == (0, 0, 500)
    assert (the_attempt(records).state, the_attempt(records).due_ms) == ("unknown", 50)
    unknown = OpenHold(ATTEMPT, HOLD.parts, due_ms=50, seen=SPENT)
    records.estimated(Ended(unknown, (500,)))
    assert balance(records) == (500, 0, 0)
    attempt = the_attempt(records)
    assert (attempt.source, attempt.cost_nanos, attempt.flags) == ("estimate", 500, ("drained", "estimated"))
    assert attempt.usage == Usage(input_tokens=3, output_tokens=4)


def test_a_correction_is_kept_beside_what_stood_there_before():
    records = records_with_a_hold()
    records.settled(a_settlement(), Ended(HOLD, (200,)))
    records.adjusted(a_settlement(cost_nanos=300, source="operator"), (300,), "ada", "the invoice")
    assert balance(records) == (300, 0, 0)
    assert the_attempt(records).source == "operator"
    (entry,) = records.call(CALL).adjustments
    assert (entry.attempt, entry.by, entry.reason) == (ATTEMPT, "ada", "the invoice")
    before, after = msgspec.json.decode(entry.before), msgspec.json.decode(entry.after)
    assert (before["cost_nanos"], after["cost_nanos"]) == (200, 300)
    assert (before["posted"], after["posted"]) == ([200], [300])
    assert the_attempt(records).shares == (Share(TEAM, 500, 300),)


def test_a_retry_stands_behind_the_first_attempt_of_its_call():
    records = records_with_a_hold()
    records.held(a_reserve(2), Reserved(10, False, ((TEAM, 500),), None), OpenHold(CALL + 2, HOLD.parts))
    assert [attempt.opening.ordinal for attempt in records.call(CALL).attempts] == [1, 2]
    assert balance(records) == (0, 1_000, 0)


def test_a_response_is_remembered_pending_and_then_with_its_tokens():
    records = records_with_a_hold()
    records.lost(Loss(attempt=ATTEMPT, seen=SPENT, due_ms=50, reason="background", response_id="r", remember_for="ada"))
    assert records.pending_response("ada", "r") == ATTEMPT
    unknown = OpenHold(ATTEMPT, HOLD.parts, due_ms=50)
    records.settled(a_settlement(response_id="r", remember_for="ada"), Ended(unknown, (200,)))
    assert records.pending_response("ada", "r") is None
    assert records.context_of("ada", "r") == 7


def test_the_oldest_calls_are_forgotten_and_accounts_are_not():
    records = Records(keep=3)
    records.held(a_reserve(), Reserved(10, False, ((TEAM, 500),), None), HOLD)
    for number in range(2, 6):
        records.put(a_call(number))
    assert records.call(CALL) is None
    assert len(records.recent(limit=10)) == 3
    assert ATTEMPT not in records.attempts
    records.settled(a_settlement(), Ended(HOLD, (200,)))
    assert balance(records) == (200, 0, 0)
