"""Budgets as values."""

from farthing.domain.budget import AccountKey, Budget, Standing, Unit


def test_a_budget_has_a_limit_only_in_the_units_it_names():
    budget = Budget(name="b", limits=((Unit.USD, 5), (Unit.CALLS, 0)))
    assert budget.limit(Unit.USD) == 5
    assert budget.limit(Unit.CALLS) == 0
    assert budget.limit(Unit.TOKENS) is None


def test_a_budget_is_enforced_unless_it_is_off():
    assert Budget(name="b").enforced
    assert Budget(name="b", hard="approve").enforced
    assert not Budget(name="b", hard="off").enforced


def test_unknown_counts_as_gone_in_what_is_left():
    standing = Standing(AccountKey("b", "", Unit.USD, "lifetime"), limit=100, posted=10, held=20, unknown=30)
    assert standing.left == 40


def test_an_account_without_a_limit_has_no_end():
    assert Standing(AccountKey("b", "", Unit.USD, "lifetime"), limit=None, posted=10, held=0, unknown=0).left is None
