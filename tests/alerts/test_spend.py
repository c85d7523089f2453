"""What calls came to: a day against its week, labels' spend, cache hits, the cost of success."""

import pytest

from farthing.alerts import spend
from farthing.alerts.facts import Known
from farthing.alerts.when import parse
from farthing.ports.alerts import Sums
from support.alerting import DAY_MS, HOUR_MS, MIDNIGHT, NOON, USD, PreparedFacts

DAY_RULE = parse("day_vs_week > 120%")


def known(of_time):
    facts = PreparedFacts()
    facts.of_time = of_time
    return Known(facts, NOON)


def days(today, *before, value=""):
    """Spend in dollars: of today so far, and of the days before, yesterday first."""

    def of_time(by, since_ms, until_ms):
        back = (MIDNIGHT - since_ms) // DAY_MS
        assert (since_ms - MIDNIGHT) % DAY_MS == 0
        dollars = today if back == 0 else before[back - 1] if back <= len(before) else 0
        return (Sums(value=value, attempts=1, cost_nanos=dollars * USD),) if dollars else ()

    return known(of_time)


def test_a_day_above_its_week_is_seen():
    (found,) = spend.day_against_week(DAY_RULE, days(13, 10, 10, 10, 10, 10, 10, 10))
    assert (found.value, found.breached, found.window) == (1_300_000, True, "2027-01-15")
    assert found.detail == (
        "there were 13 USD spent on 2027-01-15 so far, 130 % of the average of 10 USD "
        "(over the 7 of the 7 days before with any spend)"
    )
    (found,) = spend.day_against_week(DAY_RULE, days(12, 10, 10, 10, 10, 10, 10, 10))
    assert not found.breached


def test_days_without_spend_make_no_monday_look_dear():
    (monday,) = spend.day_against_week(DAY_RULE, days(10, 0, 0, 10, 10, 10, 10, 10))
    assert (monday.value, monday.calm) == (1_000_000, True)


@pytest.mark.parametrize(("before", "said"), [((), False), ((10,), False), ((10, 10), False), ((10, 0, 10, 10), True)])
def test_less_than_three_days_with_spend_are_no_average(before, said):
    (found,) = spend.day_against_week(DAY_RULE, days(99, *before))
    assert (found.value is not None) is said
    assert found.breached is said
    if not said:
        assert "3 make an average" in found.detail


def test_a_day_is_told_for_each_value_of_a_label():
    rule = parse("day_vs_week each team > 120%")
    (found,) = spend.day_against_week(rule, days(13, 10, 10, 10, value="ops"))
    assert (found.subject, found.breached) == ("team ops", True)


def test_a_past_that_is_still_summed_up_says_nothing_at_all():
    catching_up = known(lambda *_: None)
    for read, when in (
        (spend.day_against_week, "day_vs_week > 120%"),
        (spend.label_spend, "user_hour > 5 USD"),
        (spend.cache_hit_rate, "cache_hit_rate < 60%"),
        (spend.cost_per_success, "cost_per_success > 5 USD"),
        (spend.cost_against_quality, "cost_vs_quality > 120%"),
    ):
        assert read(parse(when), catching_up) == spend.CATCHING_UP


@pytest.mark.parametrize(("when", "hours", "said"), [("user_hour", 1, "60 minutes"), ("user_day", 24, "24 hours")])
def test_a_users_spend_is_that_of_the_last_hour_or_day(when, hours, said):
    def of_time(by, since_ms, until_ms):
        assert (by, since_ms, until_ms) == ("user", NOON - hours * HOUR_MS, NOON)
        return (Sums(value="bob", cost_nanos=6 * USD), Sums(value="", cost_nanos=USD))

    bob, nobody = spend.label_spend(parse(f"{when} > 5 USD"), known(of_time))
    assert (bob.subject, bob.breached, bob.detail) == ("user bob", True, f"user bob spent 6 USD in the last {said}")
    assert (nobody.subject, nobody.breached) == ("user (none)", False)


def hit_rate(attempts, read, tokens):
    sums = Sums(value="", attempts=attempts, input_tokens=tokens, cache_read_input_tokens=read)
    return spend.cache_hit_rate(parse("cache_hit_rate < 60%"), known(lambda *_: (sums,)))


def test_a_cache_that_misses_is_seen():
    (found,) = hit_rate(20, 59, 100)
    assert (found.value, found.breached) == (590_000, True)
    assert "59 %" in found.detail
    (found,) = hit_rate(20, 60, 100)
    assert not found.breached


@pytest.mark.parametrize(("attempts", "tokens"), [(19, 100), (20, 0)])
def test_a_rate_of_too_few_answers_is_chance(attempts, tokens):
    (found,) = hit_rate(attempts, 0, tokens)
    assert (found.value, found.breached) == (None, False)


def successes(now, before=None):
    """(dollars, successes) of the present, and of the seven days before."""

    def of_time(by, since_ms, until_ms):
        side = before if until_ms == MIDNIGHT else now
        return (Sums(value="", cost_nanos=side[0] * USD, successes=side[1]),) if side else ()

    return known(of_time)


def test_a_success_that_costs_too_much_is_seen():
    rule = parse("cost_per_success > 0.5 USD")
    (found,) = spend.cost_per_success(rule, successes((6, 10)))
    assert (found.value, found.breached) == (600_000_000, True)
    (found,) = spend.cost_per_success(rule, successes((5, 10)))
    assert not found.breached


@pytest.mark.parametrize("when", ["cost_per_success > 0.5 USD", "cost_vs_quality > 120%"])
def test_without_outcomes_nothing_is_said_and_nothing_fires(when):
    read = spend.cost_per_success if "success" in when else spend.cost_against_quality
    assert read(parse(when), successes((600, None), (1, None))) == spend.NO_OUTCOMES


def test_no_success_at_all_is_no_price():
    (found,) = spend.cost_per_success(parse("cost_per_success > 0.5 USD"), successes((6, 0)))
    assert (found.value, found.breached) == (None, False)


def test_cost_and_quality_diverge_when_cost_rises_alone_or_quality_falls_alone():
    rule = parse("cost_vs_quality > 120%")
    (dearer,) = spend.cost_against_quality(rule, successes((30, 20), (70, 70)))
    (worse,) = spend.cost_against_quality(rule, successes((20, 10), (70, 70)))
    (dearer_and_better,) = spend.cost_against_quality(rule, successes((30, 30), (70, 70)))
    assert (dearer.value, worse.value, dearer_and_better.value) == (1_500_000, 2_000_000, 1_000_000)
    assert (dearer.breached, worse.breached, dearer_and_better.breached) == (True, True, False)


@pytest.mark.parametrize(
    ("now", "before"), [((30, 9), (70, 70)), ((30, 20), (70, 9)), ((30, 20), (0, 70)), ((30, 20), None)]
)
def test_a_comparison_takes_enough_successes_on_either_side(now, before):
    (found,) = spend.cost_against_quality(parse("cost_vs_quality > 120%"), successes(now, before))
    assert (found.value, found.breached) == (None, False)
