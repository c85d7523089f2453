"""Accounts in memory: limits that bind, balances that are believed, and who holds what."""

import pytest

from farthing.budgets.account import Account, Balance, Limits
from farthing.domain.budget import Grant, Unit
from support.money import budget, key


def bound(account: Account, *budgets, grants=()) -> tuple[int | None, int | None]:
    Limits(budgets, grants).bind(account)
    return account.limit, account.bound


def test_a_limit_is_the_budgets_plus_the_grants_of_this_account():
    mine = Grant(account=key(), amount=5, by="ops")
    others = Grant(account=key(window="2027"), amount=7, by="ops")
    assert bound(Account(key()), budget("b", 100), grants=(mine, mine, others)) == (110, 110)


def test_a_budget_that_is_off_is_shown_but_binds_nothing():
    assert bound(Account(key()), budget("b", 100, hard="off")) == (100, None)


def test_another_unit_or_an_unknown_budget_is_not_limited():
    assert bound(Account(key("b", Unit.TOKENS)), budget("b", 100)) == (None, None)
    assert bound(Account(key("gone")), budget("b", 100)) == (None, None)


def test_a_changed_limit_replaces_the_old_one():
    account = Account(key())
    bound(account, budget("b", 100))
    assert bound(account) == (None, None)


def test_holders_are_forgotten_when_they_hold_nothing():
    account = Account(key())
    account.reserve(30, "k")
    account.reserve(20, "k")
    account.release(30, "k")
    assert account.held_by == {"k": 20}
    account.release(20, "k")
    assert (account.held, account.held_by) == (0, {})


def test_releasing_more_than_is_held_is_a_fault():
    account = Account(key())
    account.reserve(10, "")
    with pytest.raises(AssertionError):
        account.release(11, "")


def test_the_authoritys_balance_replaces_what_was_remembered():
    account = Account(key())
    account.reserve(10, "")
    account.take(Balance(posted=1, held=2, unknown=3, closes_ms=4, row=5))
    standing = account.standing(needed=9)
    assert (standing.posted, standing.held, standing.unknown, standing.closes_ms, standing.needed) == (1, 2, 3, 4, 9)
    assert (account.row, account.spent) == (5, 4)
