"""Budgets as alerts see them."""

import msgspec
import pytest

from farthing.alerts.budgets import complaint, forecasts, soft_rules, spent_shares
from farthing.alerts.facts import Known
from farthing.alerts.when import parse
from farthing.domain.budget import AccountKey, Act, Budget, Threshold, Unit, Window
from support.alerting import DAY, DAY_MS, HOUR_MS, MIDNIGHT, NOON, USD, PreparedFacts, limited, standing

FULL = parse("budget > 80%")
BURN = parse("burn_rate > 100%")
MONTH = Window("2027-01-01T00:00+00:00/month", MIDNIGHT - 14 * DAY_MS, MIDNIGHT + 17 * DAY_MS)


def read(measure, rule, limits, *standings, now_ms=NOON):
    facts = PreparedFacts()
    facts.standings = standings
    return measure(rule, limits, Known(facts, now_ms))


def test_what_is_spent_counts_with_unknown_outcomes_and_without_holds():
    (found,) = read(spent_shares, FULL, [limited()], standing(7 * USD, unknown=USD, held=2 * USD))
    assert (found.value, found.breached, found.subject, found.window) == (800_000, False, "all", DAY.name)
    (found,) = read(spent_shares, FULL, [limited()], standing(7 * USD, unknown=USD + 10_000))
    assert (found.value, found.breached) == (800_001, True)


def test_the_numbers_are_said():
    (found,) = read(spent_shares, FULL, [limited()], standing(9 * USD, value="bob", closes_ms=DAY.closes_ms))
    assert found.subject == "all of bob"
    assert found.detail == (
        "the budget 'all' of bob has spent 9 of 10 USD (90 %); its window closes 2027-01-16 00:00 UTC"
    )


def test_accounts_that_are_calm_are_not_even_asked_for():
    facts = PreparedFacts()
    spent_shares(FULL, [limited()], Known(facts, NOON))
    assert facts.asked == [("accounts", "all", Unit.USD, (DAY.name,), 72 * USD // 10)]


def test_a_grant_counts_on_the_account_it_was_given_to():
    account = AccountKey("all", "bob", Unit.USD, DAY.name)
    raised = limited(raised=((account, 10 * USD),))
    bob, eve = read(spent_shares, FULL, [raised], standing(9 * USD, value="bob"), standing(9 * USD, value="eve"))
    assert (bob.value, eve.value) == (450_000, 900_000)


def test_each_unit_and_each_run_is_a_subject_of_its_own():
    tokens = limited(limit=100, unit=Unit.TOKENS)
    runs = limited("per run", windows=())
    found = read(
        spent_shares,
        FULL,
        [limited(), tokens, runs],
        standing(9 * USD),
        standing(99, unit=Unit.TOKENS),
        standing(9 * USD, "per run", window="run:r17"),
    )
    assert [one.subject for one in found] == ["all", "all, tokens", "per run in run r17"]


def test_money_of_another_currency_is_shown_in_it():
    euro = Unit("eur")
    (found,) = read(spent_shares, FULL, [limited(unit=euro)], standing(9 * USD, unit=euro))
    assert "9 of 10 EUR" in found.detail
    assert found.subject == "all"


def test_of_overlapping_windows_the_fullest_counts_and_none_turns():
    turns = (Window("a", 0, 1), Window("b", 0, 1))
    rolling = limited(windows=turns, rolling=True)
    (found,) = read(spent_shares, FULL, [rolling], standing(9 * USD, window="a"), standing(8 * USD, window="b"))
    assert (found.value, found.window) == (900_000, "")


def test_a_rule_may_name_one_budget():
    rule = parse('budget "b" > 80%')
    limits = [limited("a"), limited("b")]
    found = read(spent_shares, rule, limits, standing(9 * USD, "a"), standing(9 * USD, "b"))
    assert [one.subject for one in found] == ["b"]


def test_a_renamed_budget_is_found_by_the_name_of_its_accounts_and_shown_by_its_own():
    renamed = msgspec.structs.replace(limited("new"), accounts="old")
    (found,) = read(spent_shares, FULL, [renamed], standing(9 * USD, "old"))
    assert found.subject == "new"
    assert "'new'" in found.detail


def test_a_budget_of_nothing_is_not_full():
    assert read(spent_shares, FULL, [limited(limit=0)], standing(0)) == ()


def test_the_forecast_is_the_pace_so_far_until_the_window_closes():
    (found,) = read(forecasts, BURN, [limited()], standing(6 * USD))
    assert (found.value, found.breached, found.window) == (1_200_000, True, DAY.name)
    assert found.detail == (
        "the budget 'all' has spent 6 of 10 USD in 50 % of its window; "
        "at this pace it comes to 12 USD (120 %) by 2027-01-16 00:00 UTC"
    )
    (found,) = read(forecasts, BURN, [limited()], standing(5 * USD))
    assert (found.value, found.breached) == (1_000_000, False)


@pytest.mark.parametrize(
    ("hours", "spent", "said"),
    [
        (0, 9 * USD, False),  # the first moment
        (0.9, 9 * USD, False),  # not yet an hour
        (1, 1 * USD, True),  # an hour in which a tenth was spent
        (1, 1 * USD - 1, False),
        (2.4, 9 * USD // 10, True),  # a tenth of the day
    ],
)
def test_a_pace_is_known_after_a_tenth_of_the_window_or_an_hour_that_spent_a_tenth(hours, spent, said):
    now_ms = MIDNIGHT + int(hours * HOUR_MS)
    found = read(forecasts, parse("burn_rate > 50%"), [limited()], standing(spent), now_ms=now_ms)
    assert bool(found) is said


def test_the_first_busy_hour_of_a_month_says_nothing_about_the_month():
    now_ms = MONTH.opens_ms + HOUR_MS
    month = limited(limit=500 * USD, windows=(MONTH,))
    assert read(forecasts, BURN, [month], standing(10 * USD, window=MONTH.name), now_ms=now_ms) == ()
    assert read(forecasts, BURN, [month], standing(50 * USD, window=MONTH.name), now_ms=now_ms) != ()


def test_what_never_closes_has_no_forecast():
    lifetime = limited(windows=(Window("lifetime", 0, 0),))
    rolling = limited(windows=(Window("a", MIDNIGHT, NOON + 1),), rolling=True)
    run = limited(windows=())
    everything = [standing(99 * USD, window=window) for window in ("lifetime", "a", "run:r1")]
    assert read(forecasts, BURN, [lifetime, rolling, run], *everything) == ()


def test_a_rule_that_can_never_say_anything_is_told_why():
    assert complaint(FULL, [limited()]) == complaint(BURN, [limited()]) == ""
    assert "no budget limits anything" in complaint(FULL, [])
    assert "no budget 'b' limits" in complaint(parse('budget "b" > 80%'), [limited("a")])
    assert "only those have an end" in complaint(BURN, [limited(windows=())])


def test_a_soft_threshold_with_alert_is_a_rule_at_that_share():
    acts = (Threshold(800_000, (Act.ALERT, Act.DOWNGRADE)), Threshold(950_000, (Act.LAND,)))
    (rule,) = soft_rules([Budget(name="support, monthly", limits=((Unit.USD, 1),), soft=acts)])
    assert rule == parse('budget "support, monthly" >= 80%')
