"""A budget as it is shown: amounts in their own units, grants beside them."""

from farthing.accounts.standing import BudgetStanding
from farthing.domain.budget import AccountKey, Budget, Grant, Standing, Unit
from farthing.gateway.admin.budget_views import view

BUDGET = Budget(
    name="b", match=(("team", "a"),), limits=((Unit.USD, 2_500_000_000), (Unit.TOKENS, 1_000)), window="run"
)
MONEY = AccountKey("b", "", Unit.USD, "run:r")
TOKENS = AccountKey("b", "", Unit.TOKENS, "run:r")


def test_amounts_are_told_in_their_unit_and_add_up():
    lines = (
        Standing(MONEY, 3_000_000_000, 1_000_000_000, 250_000_000, 500_000_000),
        Standing(TOKENS, 1_000, 1_200, 0, 0),
    )
    shown = view(BudgetStanding(budget=BUDGET, lines=lines), [])
    money, tokens = shown.accounts
    assert (money.limit, money.spent, money.unknown, money.reserved, money.left) == ("3", "1.5", "0.5", "0.25", "1.25")
    assert (tokens.limit, tokens.spent, tokens.left) == ("1000", "1200", "-200")
    assert shown.limits == {Unit.USD: "2.5", Unit.TOKENS: "1000"}
    assert money.resets_at is None


def test_a_grant_says_who_why_and_when():
    grant = Grant(account=TOKENS, amount=500, by="key boss", reason="demo", at_ms=1_767_225_600_000)
    (shown,) = view(BudgetStanding(budget=BUDGET, lines=()), [grant]).grants
    assert (shown.amount, shown.unit, shown.by, shown.reason) == ("500", Unit.TOKENS, "key boss", "demo")
    assert shown.at.year == 2026
