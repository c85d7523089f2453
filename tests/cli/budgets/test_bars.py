"""Budgets on the screen."""

from farthing.accounts.standing import BudgetStanding
from farthing.cli.budgets.bars import FEW, plain, show_all, show_one
from farthing.domain.budget import AccountKey, Budget, Grant, Standing, Unit

BUDGET = Budget(name="users", limits=((Unit.USD, 1_000_000_000),), each="user", window="day")


def standing(value: str, posted: int, *, held: int = 0, unknown: int = 0) -> Standing:
    return Standing(
        AccountKey("users", value, Unit.USD, "w"), 1_000_000_000, posted, held, unknown, closes_ms=1_795_305_600_000
    )


def test_a_long_list_of_values_is_cut_and_says_by_how_many(capsys):
    lines = tuple(standing(f"u{number}", number) for number in range(FEW + 3))
    show_all([BudgetStanding(budget=BUDGET, lines=lines)])
    shown = capsys.readouterr().out
    assert "3 more" in shown
    assert f"u{FEW + 1}" not in shown
    show_one(BudgetStanding(budget=BUDGET, lines=lines), (), "farthing.toml")
    assert f"u{FEW + 1}" in capsys.readouterr().out


def test_money_that_nobody_knows_of_is_marked_and_counts_as_spent(capsys):
    show_all([BudgetStanding(budget=BUDGET, lines=(standing("bob", 250_000_000, unknown=250_000_000),))])
    shown = capsys.readouterr().out
    assert "$0.50 *" in shown
    assert "██████▓▓▓▓▓▓············" in shown


def test_where_a_budget_is_from_is_said(capsys):
    show_one(BudgetStanding(budget=BUDGET, lines=()), (), "farthing.toml")
    assert "users, from farthing.toml" in capsys.readouterr().out


def test_programs_get_decimal_strings():
    grant = Grant(account=AccountKey("users", "bob", Unit.USD, "w"), amount=5, by="me", reason="r", at_ms=1)
    found = plain(BudgetStanding(budget=BUDGET, lines=(standing("bob", 3, held=2, unknown=1),)), [grant])
    (account,) = found["accounts"]
    assert (account["spent"], account["reserved"], account["unknown"]) == ("0.000000004", "0.000000002", "0.000000001")
    assert account["left"] == "0.999999994"
    assert account["resets_at"] == "2026-11-22T00:00:00.000+00:00"
    assert found["grants"][0]["amount"] == "0.000000005"
