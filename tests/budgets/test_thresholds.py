"""Which acts are due: by share of the limit, the strongest of each, in their order."""

import pytest

from farthing.budgets.thresholds import Reached, accounts_of, far_from, reached, watched
from farthing.domain.budget import Act, Budget, Standing, Threshold, Unit
from support.money import key

EARLY = Threshold(500_000, (Act.ALERT, Act.HINT))
LATE = Threshold(900_000, (Act.SHORTEN, Act.LAND))


def soft(name="b", *thresholds, accounts=None, **more):
    budget = Budget(name=name, limits=((Unit.USD, 1_000),), soft=thresholds or (EARLY, LATE), **more)
    return watched(budget, accounts or (key(name),))


def at(posted, account=None, *, unknown=0, held=0, limit=1_000):
    return Standing(account or key(), limit, posted, held, unknown)


def acts(soft_budgets, *standings):
    return [each.act for each in reached(soft_budgets, {each.account: each for each in standings})]


@pytest.mark.parametrize(
    ("posted", "due"),
    [
        (499, []),
        (500, [Act.HINT]),
        (899, [Act.HINT]),
        (900, [Act.SHORTEN, Act.HINT, Act.LAND]),
        (2_000, [Act.SHORTEN, Act.HINT, Act.LAND]),
    ],
)
def test_a_threshold_is_reached_at_its_share_and_beyond_and_acts_come_in_their_order(posted, due):
    assert acts([soft()], at(posted)) == due


def test_what_is_unknown_counts_as_spent_and_what_is_held_does_not():
    assert acts([soft()], at(400, unknown=100)) == [Act.HINT]
    assert acts([soft()], at(400, held=500)) == []


def test_a_grant_raises_the_limit_that_the_share_is_of():
    assert acts([soft()], at(900, limit=2_000)) == []


def test_a_budget_whose_only_act_is_an_alert_is_not_looked_at():
    assert soft("b", Threshold(1, (Act.ALERT,))) is None
    assert watched(Budget(name="b"), (key(),)) is None


def test_a_budget_that_only_counts_changes_calls_and_stops_none():
    found = soft(hard="off")
    assert acts([found], at(1_000)) == [Act.SHORTEN, Act.HINT]
    assert soft("b", Threshold(1, (Act.BLOCK, Act.LAND, Act.APPROVE)), hard="off") is None


def test_any_unit_and_any_window_of_a_budget_reaches_its_thresholds():
    calls = key(unit=Unit.CALLS)
    found = soft(accounts=(key(), calls))
    assert acts([found], at(0), at(5, calls, limit=10)) == [Act.HINT]


def test_of_two_budgets_that_ask_for_the_same_the_one_that_is_used_up_more_is_named():
    tight, wide = soft("tight"), soft("wide")
    standings = {each.account: each for each in (at(950, key("wide")), at(990, key("tight")))}
    by_act = {each.act: each for each in reached([wide, tight], standings)}
    assert by_act[Act.LAND].budget.name == "tight"
    assert by_act[Act.LAND].at_millionths == 900_000
    assert by_act[Act.LAND].words == "'tight' is used up to 99 %"


def test_the_higher_threshold_of_one_act_is_the_one_that_tells():
    twice = soft("b", Threshold(500_000, (Act.SHORTEN,)), Threshold(900_000, (Act.SHORTEN,)))
    (found,) = reached([twice], {key(): at(950)})
    assert found.at_millionths == 900_000
    assert found.used_millionths == 950_000


def test_an_account_nobody_knows_or_that_has_no_limit_reaches_nothing():
    assert acts([soft()]) == []
    assert acts([soft()], at(10**9, limit=None)) == []


def test_a_limit_of_nothing_is_used_up():
    (found, *_) = reached([soft()], {key(): at(0, limit=0)})
    assert isinstance(found, Reached)
    assert found.used_millionths == 1_000_000


def test_far_from_its_thresholds_is_what_would_not_reach_one_with_all_that_is_held():
    assert far_from([soft()], {key(): at(100, held=399)})
    assert not far_from([soft()], {key(): at(100, held=400)})
    assert not far_from([soft()], {})


def test_all_accounts_decide():
    assert accounts_of([soft("a"), soft("b")]) == (key("a"), key("b"))
