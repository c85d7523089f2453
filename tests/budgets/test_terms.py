"""What several budgets say together."""

import pytest

from farthing.budgets.match import Touch
from farthing.budgets.terms import TermsBook, terms_of
from farthing.domain.budget import AccountKey, Act, Budget, Threshold, Unit, Window
from farthing.domain.currency import DOLLARS, NoRate, Rate

EVER = Window("lifetime", 0, 0)
DAY = Window("2026-11-01T00:00+00:00/day", 1, 2)


EUR = Unit("eur")
RATE = Rate(25, 27_000, 10)


def touch(name="b", windows=(EVER,), value="", rate=DOLLARS, **fields):
    fields.setdefault("limits", ((Unit.USD, 100),))
    return Touch(Budget(name=name, **fields), value, windows, rate)


def test_there_is_an_account_for_each_unit_in_each_window():
    terms = terms_of((touch(limits=((Unit.USD, 1), (Unit.CALLS, 2)), windows=(EVER, DAY), value="ada"),))
    assert terms.accounts == (
        (AccountKey("b", "ada", Unit.USD, "lifetime"), 0, 1, 1_000),
        (AccountKey("b", "ada", Unit.USD, DAY.name), 2, 1, 1_000),
        (AccountKey("b", "ada", Unit.CALLS, "lifetime"), 0, 1, 1),
        (AccountKey("b", "ada", Unit.CALLS, DAY.name), 2, 1, 1),
    )


def test_the_strictest_of_the_enforced_budgets_holds():
    terms = terms_of(
        (
            touch("a", floor=10, wait_seconds=9, hard="off", bound="strict"),
            touch("b", floor=300, wait_seconds=30),
            touch("c", floor=200, wait_seconds=5, limits=((Unit.CALLS, 3),)),
        )
    )
    assert terms.enforced is not None
    assert terms.enforced.name == "b"
    assert terms.floor == 300
    assert terms.wait_ms == 5_000
    assert not terms.strict


def test_a_budget_of_calls_does_not_count_money():
    assert terms_of((touch(limits=((Unit.CALLS, 3),)),)).money is None
    assert terms_of((touch("m"),)).money.name == "m"


def test_without_a_budget_nothing_can_refuse():
    terms = terms_of(())
    assert terms.enforced is None
    assert terms.accounts == ()
    assert terms.wait_ms == 20_000


def test_terms_are_made_once_for_the_very_same_touches():
    book = TermsBook()
    touches = (touch(),)
    assert book.of(touches) is book.of(touches)
    assert book.of((touch("other"),)) is not book.of(touches)


def test_money_in_another_currency_is_counted_at_its_rate():
    terms = terms_of((touch(limits=((EUR, 1), (Unit.CALLS, 2)), money=EUR, rate=RATE),))
    euros, calls = terms.accounts
    assert (euros[0].unit, euros[2:], calls[2:]) == (EUR, (25, 27_000), (1, 1))
    assert terms.fraction_of(euros[0]) == (25, 27_000)
    assert terms.money is not None


def test_an_enforced_budget_without_a_rate_says_so_and_one_that_only_counts_is_left_out():
    missing = NoRate("there is none", 10)
    hard = terms_of((touch(limits=((EUR, 1),), money=EUR, rate=missing),))
    assert hard.no_rate is not None
    assert hard.no_rate[1] == "there is none"
    soft = terms_of((touch(limits=((EUR, 1), (Unit.CALLS, 2)), money=EUR, rate=missing, hard="off"),))
    assert soft.no_rate is None
    assert [line[0].unit for line in soft.accounts] == [Unit.CALLS]


def test_a_budget_of_calls_needs_no_rate():
    assert terms_of((touch(limits=((Unit.CALLS, 1),), money=EUR, rate=NoRate("none", 10)),)).no_rate is None


def test_limits_of_single_calls_are_put_together():
    terms = terms_of(
        (touch("a", per_call=5, per_output=100), touch("b", per_output=70), touch("c", hard="off", per_output=1))
    )
    assert [budget.name for budget, _ in terms.per_call] == ["a"]
    assert terms.per_output == 70


def test_a_renamed_budget_keeps_its_accounts_and_is_called_by_its_new_name():
    terms = terms_of((touch("new", was="old"),))
    assert terms.accounts[0][0].budget == "old"
    assert terms.renamed == (("old", "new"),)


def landing_on(window, **more):
    """A budget of single runs that lands them, as a call of the run with this window touches it."""
    fields = {"limits": ((Unit.USD, 1), (Unit.CALLS, 5)), "soft": (Threshold(900_000, (Act.LAND,)),), "window": "run"}
    return touch("run", windows=(Window(window, 0, 0),), **fields, **more)


def of_run(unit):
    return AccountKey("run", "", unit, "run:a")


def test_a_run_whose_budget_lands_it_keeps_money_on_each_account_of_its_own():
    terms = terms_of((landing_on("run:a", land_output=7),))
    assert terms.landing == ((of_run(Unit.USD), 7), (of_run(Unit.CALLS), 7))
    assert terms.soft[0].accounts == tuple(account for account, _ in terms.landing)


@pytest.mark.parametrize("window", ["run:(none)", "run:(other)"])
def test_calls_that_share_an_account_have_no_last_answer_of_their_own_on_it(window):
    assert terms_of((landing_on(window),)).landing == ()


def test_a_budget_that_only_counts_keeps_nothing():
    assert terms_of((landing_on("run:a", hard="off"),)).landing == ()


def test_budgets_without_acts_before_their_limit_are_not_looked_at():
    assert terms_of((touch(),)).soft == ()
