"""Budgets beside their present accounts: what counts, what is raised, what binds."""

from farthing.accounts.standing import share_used, standings
from farthing.domain.budget import AccountKey, Budget, Grant, Standing, Unit, Window

NOW = Window("2026-11/month", 0, 99)
MONTHLY = Budget(name="m", limits=((Unit.USD, 1_000),), window="month")


def account(posted: int, *, window: str = NOW.name, value: str = "", held: int = 0, unknown: int = 0) -> Standing:
    return Standing(AccountKey("m", value, Unit.USD, window), None, posted, held, unknown)


def lines(budget: Budget, *accounts: Standing, grants: tuple[Grant, ...] = (), present: tuple[Window, ...] = (NOW,)):
    (found,) = standings([budget], accounts, grants, lambda _: present)
    return found.lines


def test_a_budget_nobody_has_used_stands_at_zero_of_its_limit():
    (line,) = lines(MONTHLY)
    assert (line.posted, line.limit, line.left, line.closes_ms) == (0, 1_000, 1_000, 99)


def test_only_the_present_window_counts():
    (line,) = lines(MONTHLY, account(700, window="2026-10/month"), account(30))
    assert line.posted == 30


def test_unknown_outcomes_and_holds_are_not_left():
    (line,) = lines(MONTHLY, account(100, held=20, unknown=3))
    assert line.left == 877


def test_a_grant_raises_the_very_account_it_was_given_to():
    given = Grant(account=AccountKey("m", "", Unit.USD, NOW.name), amount=500, by="me")
    past = Grant(account=AccountKey("m", "", Unit.USD, "2026-10/month"), amount=9_000, by="me")
    assert lines(MONTHLY, account(1), grants=(given, past))[0].limit == 1_500
    assert lines(MONTHLY, grants=(given, past))[0].limit == 1_500


def test_a_value_that_was_raised_before_it_spent_has_its_line():
    each = Budget(name="m", limits=((Unit.USD, 1_000),), window="month", each="user")
    given = Grant(account=AccountKey("m", "bob", Unit.USD, NOW.name), amount=500, by="me")
    (line,) = lines(each, grants=(given,))
    assert (line.account.value, line.limit, line.posted, line.closes_ms) == ("bob", 1_500, 0, 99)


def test_the_fullest_value_comes_first():
    each = Budget(name="m", limits=((Unit.USD, 1_000),), window="month", each="user")
    found = lines(each, account(10, value="ann"), account(900, value="bob"))
    assert [line.account.value for line in found] == ["bob", "ann"]


def test_of_the_overlapping_turns_of_a_rolling_window_the_one_that_binds_is_shown():
    turns = (Window("a", 0, 50), Window("b", 10, 60))
    rolling = Budget(name="m", limits=((Unit.USD, 1_000),), window="rolling:24h")
    (line,) = lines(rolling, account(800, window="a"), account(300, window="b"), present=turns)
    assert line.account.window == "a"


def test_every_run_has_its_own_line():
    runs = Budget(name="m", limits=((Unit.USD, 1_000),), window="run")
    found = lines(runs, account(1, window="run:x"), account(2, window="run:y"), present=())
    assert [line.account.window for line in found] == ["run:y", "run:x"]


def test_each_unit_has_a_line():
    both = Budget(name="m", limits=((Unit.USD, 1_000), (Unit.CALLS, 5)), window="month")
    assert [line.account.unit for line in lines(both)] == [Unit.USD, Unit.CALLS]


def test_a_limit_of_nothing_is_full():
    assert share_used(Standing(AccountKey("m", "", Unit.USD, "w"), 0, 0, 0, 0)) == 1.0
