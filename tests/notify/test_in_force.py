"""Budgets in force, as alerts ask for them."""

from farthing.budgets.window import windows
from farthing.domain.budget import AccountKey, Budget, Grant, Unit
from farthing.notify.in_force import limited
from support.alerting import NOON


def budget(name="b", window="day", **more):
    return Budget(name=name, limits=((Unit.USD, 5), (Unit.CALLS, 7)), window=window, **more)


def test_each_limit_comes_with_the_windows_that_are_open_now():
    money, calls = limited([budget(tz="Europe/Amsterdam")], (), NOON)
    assert [(one.unit, one.limit, one.rolling) for one in (money, calls)] == [
        (Unit.USD, 5, False),
        (Unit.CALLS, 7, False),
    ]
    assert money.windows == windows("day", "Europe/Amsterdam", NOON)


def test_runs_have_windows_of_their_own_and_rolling_ones_overlap():
    assert limited([budget(window="run")], (), NOON)[0].windows == ()
    rolling = limited([budget(window="rolling:24h")], (), NOON)[0]
    assert rolling.rolling
    assert len(rolling.windows) == 9


def test_grants_go_with_their_own_budget_by_the_name_of_its_accounts():
    account = AccountKey("old", "", Unit.USD, "w")
    other = AccountKey("else", "", Unit.USD, "w")
    grants = [Grant(account=account, amount=3, by="ada"), Grant(account=other, amount=9, by="ada")]
    renamed = limited([budget(was="old")], grants, NOON)[0]
    assert (renamed.budget, renamed.accounts, renamed.raised) == ("b", "old", ((account, 3),))
    assert (renamed.of(account), renamed.of(other)) == (8, 5)
