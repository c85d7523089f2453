"""What several budgets say together."""

from farthing.budget.match import Touch
from farthing.budget.terms import TermsBook, terms_of
from farthing.domain.budget import AccountKey, Budget, Unit, Window

EVER = Window("lifetime", 0, 0)
DAY = Window("2026-11-01T00:00+00:00/day", 1, 2)


def touch(name="b", windows=(EVER,), value="", **fields):
    fields.setdefault("limits", ((Unit.USD, 100),))
    return Touch(Budget(name=name, **fields), value, windows)


def test_there_is_an_account_for_each_unit_in_each_window():
    terms = terms_of((touch(limits=((Unit.USD, 1), (Unit.CALLS, 2)), windows=(EVER, DAY), value="ada"),))
    assert terms.accounts == (
        (AccountKey("b", "ada", Unit.USD, "lifetime"), 0),
        (AccountKey("b", "ada", Unit.USD, DAY.name), 2),
        (AccountKey("b", "ada", Unit.CALLS, "lifetime"), 0),
        (AccountKey("b", "ada", Unit.CALLS, DAY.name), 2),
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
