"""Clamp and fit, by their definitions."""

from hypothesis import given
from hypothesis import strategies as st

from farthing.budgets.account import Account, Balance, Limits
from farthing.budgets.admission import Exceeded, Offer, above_share, clamp, fit, tightest
from farthing.domain.hold import Charge
from support.money import ask, budget, charge, key


def account(name: str, limit: int | None, posted: int = 0, held: int = 0, unknown: int = 0) -> Account:
    made = Account(key(name))
    made.take(Balance(posted, held, unknown))
    Limits([budget(name, limit)]).bind(made)
    return made


state = st.tuples(st.integers(0, 500) | st.none(), st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
line = st.tuples(st.integers(0, 200), st.integers(0, 3))


@given(st.lists(st.tuples(state, line), min_size=1, max_size=3), st.integers(0, 100), st.integers(0, 100))
def test_the_clamped_cap_is_the_largest_that_what_is_not_spent_allows(places, cap, floor):
    accounts = [account(f"b{n}", *balance) for n, (balance, _) in enumerate(places)]
    asked = ask(1, *(charge(key(f"b{n}"), *its) for n, (_, its) in enumerate(places)), cap=cap, floor=min(cap, floor))

    def allowed(tokens: int) -> bool:
        return all(
            one.bound is None or its.amount(tokens) <= one.bound - one.posted - one.unknown
            for its, one in zip(asked.charges, accounts, strict=True)
        )

    best = max((tokens for tokens in range(cap + 1) if allowed(tokens)), default=-1)
    verdict = clamp(asked, accounts)
    if best < asked.floor:
        assert isinstance(verdict, Exceeded)
        assert verdict.standing(asked).needed == verdict.charge.amount(asked.floor)
    else:
        assert isinstance(verdict, Offer)
        assert verdict.cap == best
        assert verdict.amounts == tuple(its.amount(best) for its in asked.charges)
        assert verdict.lacks == tuple(
            one
            for one, amount in zip(accounts, verdict.amounts, strict=True)
            if one.bound is not None and one.spent + one.held + amount > one.bound
        )


@given(st.lists(st.tuples(state, line), min_size=1, max_size=3), st.integers(0, 100))
def test_what_fits_whole_is_what_clamping_would_leave_alone(places, cap):
    accounts = [account(f"b{n}", *balance) for n, (balance, _) in enumerate(places)]
    asked = ask(1, *(charge(key(f"b{n}"), *its) for n, (_, its) in enumerate(places)), cap=cap)
    verdict = clamp(asked, accounts)
    whole = isinstance(verdict, Offer) and verdict.cap == cap and not verdict.lacks
    assert fit(asked, accounts) == (verdict if whole else None)


def test_a_share_matters_only_to_a_holder_that_has_something():
    one = account("b", 100)
    assert not above_share(one, 90, "k")
    one.reserve(10, "k")
    assert not above_share(one, 15, "k")
    assert above_share(one, 16, "k")
    assert not above_share(account("free", None), 10**9, "k")


def test_the_tightest_account_is_the_enforced_one_with_the_least_left():
    dollars = [Charge(key(name), 0, 0) for name in ("a", "b", "free")]
    assert tightest(dollars[2:], [account("free", None)]) is None
    found = tightest(dollars, [account("a", 100, 10), account("b", 100, 10, 20, 30), account("free", None)])
    assert found is not None
    assert (found.account.budget, found.left) == ("b", 40)


def test_what_is_left_in_another_currency_is_compared_by_what_it_is_in_dollars():
    dear = Charge(key("euros"), 0, 0, times=25, over=27_000)  # one euro is 1.08 dollars
    left_100_euros, left_105_dollars = account("euros", 100), account("dollars", 105)
    found = tightest([dear, Charge(key("dollars"), 0, 0, 1, 1_000)], [left_100_euros, left_105_dollars])
    assert found is not None
    assert found.account.budget == "dollars"
