"""Every rule has somebody who reads its facts."""

import pytest

from farthing.alerts.evaluate import evaluate
from farthing.alerts.facts import Known
from farthing.alerts.rule import EVENTS, Metric
from farthing.alerts.when import parse
from farthing.ports.alerts import Context, Happening, Sums
from support.alerting import NOON, USD, PreparedFacts, limited, standing

RULES = {
    "budget > 80%": "accounts",
    "burn_rate > 100%": "accounts",
    "day_vs_week > 120%": "sums",
    "user_hour > 5 USD": "sums",
    "cache_hit_rate < 60%": "sums",
    "cost_per_success > 5 USD": "sums",
    "cost_vs_quality > 120%": "sums",
    "context_growth > 2x": "contexts",
    **dict.fromkeys(EVENTS, "happenings"),
}


@pytest.mark.parametrize(("when", "fact"), RULES.items())
def test_a_rule_asks_for_its_own_kind_of_fact_and_answers_from_it(when, fact):
    facts = PreparedFacts()
    facts.standings = (standing(9 * USD),)
    facts.of_time = lambda *_: (Sums(value="", attempts=99, input_tokens=9, cost_nanos=9, successes=20),)
    facts.growing = (Context(run="r", agent="", first_tokens=1, last_tokens=9),)
    facts.events = {event: (Happening(subject="s", times=1),) for event in EVENTS}
    found = evaluate(parse(when), [limited()], Known(facts, NOON))
    assert {asked[0] for asked in facts.asked} == {fact}
    assert not isinstance(found, str)
    assert found


def test_all_metrics_are_among_them():
    assert {parse(when).metric for when in RULES} == set(Metric)


def test_a_rule_about_a_budget_that_is_not_there_says_so():
    found = evaluate(parse('budget "gone" > 80%'), [limited()], Known(PreparedFacts(), NOON))
    assert found == "no budget 'gone' limits anything"
