"""The language of `when`: what is understood, and what each mistake is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.alerts.rule import EVENTS, Metric, Scale
from farthing.alerts.when import BadWhen, parse


@pytest.mark.parametrize(
    ("text", "metric", "scale", "threshold"),
    [
        ("budget > 80%", Metric.BUDGET, Scale.SHARE, 800_000),
        ("burn_rate > 100%", Metric.BURN_RATE, Scale.SHARE, 1_000_000),
        ("day_vs_week > 120%", Metric.DAY_VS_WEEK, Scale.SHARE, 1_200_000),
        ("day_vs_week > 1.2x", Metric.DAY_VS_WEEK, Scale.SHARE, 1_200_000),
        ("context_growth > 2x", Metric.CONTEXT_GROWTH, Scale.TIMES, 2_000_000),
        ("context_growth > 250%", Metric.CONTEXT_GROWTH, Scale.TIMES, 2_500_000),
        ("cost_per_success > 0.5 USD", Metric.COST_PER_SUCCESS, Scale.USD, 500_000_000),
        ("cost_vs_quality > 120%", Metric.COST_VS_QUALITY, Scale.SHARE, 1_200_000),
        ("budget > 99.9999%", Metric.BUDGET, Scale.SHARE, 999_999),
    ],
)
def test_the_rules_of_the_contract_are_understood(text, metric, scale, threshold):
    rule = parse(text)
    assert (rule.metric, rule.scale, rule.threshold, rule.above, rule.text) == (metric, scale, threshold, True, text)


def test_a_floor_is_written_from_below():
    rule = parse("cache_hit_rate < 60%")
    assert (rule.above, rule.inclusive, rule.threshold) == (False, False, 600_000)
    assert parse("cache_hit_rate <= 60%").inclusive


def test_a_budget_is_named_in_quotation_marks_whatever_its_name_holds():
    rule = parse('burn_rate "support, monthly > all" >= 90 %')
    assert (rule.metric, rule.budget, rule.inclusive) == (Metric.BURN_RATE, "support, monthly > all", True)
    assert rule.text == 'burn_rate "support, monthly > all" >= 90 %'


@pytest.mark.parametrize(
    ("text", "label", "hours"),
    [
        ("user_hour > 5 USD", "user", 1),
        ("cost-center_day > $5", "cost-center", 24),
        ("tag.a_b_hour>5 USD", "tag.a_b", 1),
    ],
)
def test_any_label_has_an_hour_and_a_day(text, label, hours):
    rule = parse(text)
    assert (rule.metric, rule.by, rule.span_ms, rule.threshold) == (
        Metric.LABEL_SPEND,
        label,
        hours * 3_600_000,
        5_000_000_000,
    )


def test_a_rate_may_be_told_for_each_value_of_a_label():
    rule = parse("cache_hit_rate each team < 60%")
    assert (rule.by, rule.text) == ("team", "cache_hit_rate each team < 60%")


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_stands_alone(event):
    assert (parse(event).metric, parse(event).event, parse(event).threshold) == (Metric.EVENT, event, 0)
    with pytest.raises(BadWhen, match="write it alone"):
        parse(f"{event} > 3")


def test_rules_that_differ_in_spaces_alone_are_one_rule():
    assert parse("  budget>80%  ").text == parse("budget  >  80%").text == "budget > 80%"


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("", 1, "it is empty"),
        ("   ", 1, "it is empty"),
        ("80% < budget", 1, "begin with a word"),
        ("bugdet > 80%", 1, "did you mean `budget`"),
        ("budget", 7, "`>` is missing"),
        ("budget >", 9, "an amount is missing"),
        ("budget > 80", 10, "neither a percentage nor a multiple"),
        ("budget > 80 USD", 10, "neither a percentage nor a multiple"),
        ("budget > 0%", 10, "must be above 0"),
        ("budget < 80%", 8, "limited from above"),
        ("cache_hit_rate > 60%", 16, "limited from below"),
        ("cache_hit_rate < 160%", 18, "more than the whole"),
        ("budget support > 80%", 8, "stands in quotation marks"),
        ('budget "support > 80%', 8, "never closed"),
        ('budget "" > 80%', 8, "name is empty"),
        ('user_hour "support" > 5 USD', 11, "is not of a budget"),
        ("user_hour > 5", 13, "write `5 USD`"),
        ("user_hour > 5%", 13, "not an amount of money"),
        ("user_hour > 5 EUR", 13, "in EUR"),
        ("budget > 80% now", 14, "is too much"),
        ("budget > 80% > 90%", 14, "is too much"),
        ("budget ! 80%", 8, "cannot stand here"),
        ("day_vs_week each > 120%", 18, "name the label"),
        ("budget each team > 80%", 8, "cannot stand here"),
        ("budget > 80.00001%", 10, "finer than a millionth"),
        ("budget > 99999999999999%", 10, "million times"),
        ("context_growth > 2 USD", 18, "neither a percentage nor a multiple"),
    ],
)
def test_a_mistake_names_its_column_and_what_to_write(text, column, told):
    with pytest.raises(BadWhen) as error:
        parse(text)
    assert error.value.column == column
    assert told in str(error.value)
    assert str(error.value).startswith(f"column {column}: ")


WORDS = st.sampled_from(
    ["budget", "burn_rate", "user_hour", "each", '"a b"', '"', ">", "<=", "80%", "5 USD", "2x", "!", " "]
)


@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=6).map(" ".join)))
def test_whatever_is_written_is_a_rule_or_a_complaint_within_the_line(text):
    column = complaint_about(text)
    if column is None:
        assert parse(parse(text).text) == parse(text)
    else:
        assert 1 <= column <= max(len(text), 1) + 1


def complaint_about(text):
    """The column of the complaint; None for a rule."""
    try:
        parse(text)
    except BadWhen as error:
        return error.column
    return None
