"""One round asks for each fact once."""

from farthing.alerts.facts import Known
from farthing.domain.budget import Unit
from support.alerting import NOON, PreparedFacts


def test_what_two_rules_want_to_know_is_asked_for_once():
    facts = PreparedFacts()
    known = Known(facts, NOON)
    for _ in range(2):
        known.accounts("all", Unit.USD, ("lifetime",), 5)
        known.sums("user", 0, NOON)
        known.contexts(0)
        known.happenings("loop", 0)
    assert len(facts.asked) == 4
    known.sums("team", 0, NOON)
    known.accounts("all", Unit.USD, ("lifetime",), 6)
    assert len(facts.asked) == 6


def test_that_nothing_can_be_said_yet_is_remembered_too():
    facts = PreparedFacts()
    facts.of_time = lambda *_: None
    known = Known(facts, NOON)
    assert known.sums("", 0, NOON) is known.sums("", 0, NOON) is None
    assert len(facts.asked) == 1
