"""Which thresholds ask, and whose an account is."""

import pytest

from farthing.budgets.asking import asking, beside, scope, within
from farthing.budgets.match import Resolver
from farthing.budgets.terms import terms_of
from farthing.budgets.thresholds import watched
from farthing.domain.budget import AccountKey, Act, Budget, Standing, Threshold, Unit

HALF, MOST = Threshold(500_000, (Act.APPROVE,)), Threshold(800_000, (Act.APPROVE, Act.ALERT))
ONE = AccountKey("one", "", Unit.CALLS, "lifetime")
TWO = AccountKey("two", "", Unit.CALLS, "lifetime")


def budget(name="one", *soft, **more):
    return Budget(name=name, limits=((Unit.CALLS, 10),), soft=soft or (HALF, MOST), **more)


def standing(account, posted, limit=10, held=0):
    return Standing(account, limit, posted, held, 0)


def asked(*standings, passed=(), budgets=None):
    by = {each.account: each for each in standings}
    soft = [watched(budget(each.budget) if budgets is None else budgets[each.budget], (each,)) for each in by]
    found = asking(soft, by, lambda account, at: (account, at) in passed)
    return [(each.standing.account, each.at_millionths) for each in found]


def test_nothing_asks_below_its_threshold_and_what_is_held_does_not_count():
    assert asked(standing(ONE, 4, held=6)) == []


def test_the_highest_threshold_that_is_reached_asks():
    assert asked(standing(ONE, 5)) == [(ONE, 500_000)]
    assert asked(standing(ONE, 9)) == [(ONE, 800_000)]


def test_a_passed_threshold_asks_no_more_and_the_next_one_does():
    assert asked(standing(ONE, 5), passed=[(ONE, 500_000)]) == []
    assert asked(standing(ONE, 8), passed=[(ONE, 500_000)]) == [(ONE, 800_000)]


def test_a_budget_that_was_let_past_hides_no_other_that_asks():
    found = asked(standing(ONE, 9), standing(TWO, 5), passed=[(ONE, 800_000)])
    assert found == [(TWO, 500_000)]


def test_other_acts_ask_nobody():
    block = budget("one", Threshold(500_000, (Act.BLOCK,)))
    assert asked(standing(ONE, 9), budgets={"one": block}) == []


def test_an_account_without_a_standing_or_a_limit_asks_nobody():
    soft = [watched(budget(), (ONE, TWO))]
    assert asking(soft, {TWO: standing(TWO, 9, limit=None)}, lambda *_: False) == ()


def test_a_rolling_budget_has_all_its_open_windows_beside_each_other():
    rolling = Budget(name="r", limits=((Unit.CALLS, 10), (Unit.TOKENS, 10)), window="rolling:24h", each="user")
    terms = terms_of(Resolver((rolling,)).accounts((("user", "ann"),), None, at_ms=1_790_000_000_000))
    (first, *_) = [key for key, *_ in terms.accounts if key.unit is Unit.CALLS]
    found = beside(terms, first)
    assert len(found) == 9
    assert {key._replace(window="") for key, _ in found} == {first._replace(window="")}
    assert all(closes_ms > 0 for _, closes_ms in found)


@pytest.mark.parametrize(
    ("made", "value", "expected"),
    [
        (budget(match=(("team", "a"),)), "", (("team", "a"),)),
        (budget(match=(("team", "a*"),)), "", ()),
        (budget(match=(("team", "a"),), each="user"), "ann", (("team", "a"), ("user", "ann"))),
        (budget(each="user"), "(none)", ()),
        (budget(each="user"), "(other)", ()),
        (budget(), "", ()),
        (budget(window="run"), "", (("run", "r"), ("team", "a"))),
    ],
)
def test_an_account_is_theirs_whose_labels_all_its_calls_carry(made, value, expected):
    account = AccountKey("one", value, Unit.CALLS, "w")
    assert scope(made, account, (("run", "r"), ("team", "a"))) == expected


def test_who_is_bound_to_more_than_the_account_may_not_decide():
    team, user = ("team", "a"), ("user", "ann")
    assert within((team, user), (team,))
    assert within((team,), ())
    assert not within((team,), (team, user))
    assert not within((), (team,))
    assert not within((("team", "b"),), (team,))
