"""How an account of a run is shown."""

from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.gateway.admin.run_budget_views import account_view


def test_what_nobody_knows_counts_as_spent():
    account = AccountKey("run x", "", Unit.USD, "lifetime")
    shown = account_view(Standing(account, 10**9, posted=10**8, held=2 * 10**8, unknown=10**8))
    assert (shown.limit, shown.spent, shown.reserved, shown.left) == ("1", "0.2", "0.2", "0.6")


def test_without_a_limit_nothing_is_left_or_not():
    shown = account_view(Standing(AccountKey("run x", "", Unit.CALLS, "lifetime"), None, posted=3, held=0, unknown=0))
    assert (shown.limit, shown.spent, shown.left) == (None, "3", None)
