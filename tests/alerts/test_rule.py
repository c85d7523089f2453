"""Rules as values."""

from farthing.alerts.rule import EVENTS, Metric, Rule, Scale


def test_a_rule_watches_everything_from_above_unless_it_says_otherwise():
    rule = Rule(text="budget > 80%", metric=Metric.BUDGET, scale=Scale.SHARE, threshold=800_000)
    assert (rule.above, rule.inclusive, rule.budget, rule.by, rule.event) == (True, False, "", "", "")


def test_no_event_has_the_name_of_a_metric():
    assert not set(EVENTS) & set(Metric)
