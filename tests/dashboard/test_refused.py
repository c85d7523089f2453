"""Why a call was refused, in words."""

from farthing.dashboard.refused import ADVICE, USUAL, refused
from farthing.domain.budget import Budget
from farthing.domain.record import CallClosing, CallOpening, Skeleton
from farthing.ports.records import CallRecord

BUDGETS = (Budget(name="all"), Budget(name="a", match=(("team", "a"),)), Budget(name="b", match=(("team", "b"),)))


def record(outcome="refused", code="budget_exceeded", detail="it needs 2 USD"):
    opening = CallOpening(id=16, arrived_ms=1, model="gpt-4o", labels=(("team", "a"),))
    closing = CallClosing(id=16, outcome=outcome, status=402, finished_ms=2, code=code, detail=detail)
    return CallRecord(opening=opening, closing=closing, skeleton=Skeleton())


def test_a_refusal_has_its_words_its_numbers_and_what_to_do():
    found = refused(record(), BUDGETS)
    assert found.words == "it needs 2 USD"
    assert found.advice == ADVICE["budget_exceeded"]
    assert found.budgets == ("all", "a")


def test_a_code_of_another_version_has_the_usual_words():
    found = refused(record(code="new_code", detail=""), BUDGETS)
    assert (found.words, found.advice) == ("new_code", USUAL)


def test_what_was_not_refused_is_said_to_be_so():
    found = refused(record(outcome="paid", code="", detail=""), BUDGETS)
    assert not found.was_refused
    assert found.words == "it was not refused"


def test_no_call_is_nothing():
    assert refused(None, BUDGETS) is None
