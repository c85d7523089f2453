"""Clamp and fit: what a reserve may have, looking at accounts only. Waiting is the queue's matter."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from farthing.budgets.account import Account
from farthing.budgets.landing import NOTHING, Kept
from farthing.domain.budget import Standing
from farthing.domain.hold import Charge, Reserve

SHARE = 4
"""While others wait on an account, one holder may have a quarter of its limit."""


class Exceeded(NamedTuple):
    """Even with every hold given back, less than the floor would be left on this account."""

    charge: Charge
    account: Account
    kept: int = 0
    """What must stay there for a last answer."""

    def standing(self, ask: Reserve) -> Standing:
        return self.account.standing(needed=self.charge.amount(ask.floor) + self.kept)


class Offer(msgspec.Struct, frozen=True):
    """The cap that what is not spent allows, what each account would hold for it, and where holds are in the way."""

    cap: int
    amounts: tuple[int, ...]
    lacks: tuple[Account, ...] = ()

    def standing(self, accounts: Sequence[Account]) -> Standing:
        """The first account without room, with what it would need; the first that could refuse where none lacks room."""
        bounded = (account for account in accounts if account.bound is not None)
        account = self.lacks[0] if self.lacks else next(bounded, accounts[0])
        return account.standing(needed=self.amounts[accounts.index(account)])


def fit(ask: Reserve, accounts: Sequence[Account], kept: Kept = NOTHING) -> Offer | None:
    """The whole cap beside all holds and what is kept for last answers, or None. The common case, so it computes nothing
    twice."""
    cap = ask.cap
    amounts = [charge.amount(cap) for charge in ask.charges]
    for amount, account in zip(amounts, accounts, strict=True):
        bound = account.bound
        if bound is not None and account.posted + account.unknown + account.held + amount > bound:
            return None
    if kept and without_room(accounts, amounts, kept):
        return None
    return Offer(cap, tuple(amounts))


def clamp(ask: Reserve, accounts: Sequence[Account], kept: Kept = NOTHING) -> Offer | Exceeded:
    """Clamp the cap to limit - posted - unknown - kept on every enforced account, then see which lack room for it."""
    cap, tightest = ask.cap, None
    for charge, account in zip(ask.charges, accounts, strict=True):
        if account.bound is None:
            continue
        keeps = kept.get(account.key, 0) if kept else 0
        largest = charge.largest_cap(account.bound - account.spent - keeps)
        if largest is not None and largest < cap:
            cap, tightest = largest, Exceeded(charge, account, keeps)
    if tightest is not None and cap < ask.floor:
        return tightest
    amounts = tuple(charge.amount(cap) for charge in ask.charges)
    return Offer(cap, amounts, without_room(accounts, amounts, kept))


def without_room(accounts: Sequence[Account], amounts: Sequence[int], kept: Kept) -> tuple[Account, ...]:
    """The accounts that cannot hold so much beside all holds and what is kept on them."""
    return tuple(
        account
        for account, amount in zip(accounts, amounts, strict=True)
        if account.bound is not None
        and account.spent + account.held + amount + (kept.get(account.key, 0) if kept else 0) > account.bound
    )


def above_share(account: Account, amount: int, holder: str) -> bool:
    """Whether a holder that already has something here would go above its share with this amount."""
    has = account.held_by.get(holder, 0)
    return account.bound is not None and has > 0 and (has + amount) * SHARE > account.bound


def tightest(charges: Sequence[Charge], accounts: Sequence[Account]) -> Standing | None:
    """The enforced money account with the least left, as it stands now: by what that is in dollars."""
    found, least = None, 0
    for charge, account in zip(charges, accounts, strict=True):
        bound = account.bound
        if bound is not None and account.money:
            left = (bound - account.posted - account.unknown - account.held) * charge.over // charge.times
            if found is None or left < least:
                found, least = account, left
    return None if found is None else found.standing()
