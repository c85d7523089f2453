"""Accounts and the open holds on them: how money is set aside, and the ways a hold can end.

Every method is told the moment it needs; what changed is left in `dirty` and in the results for the caller to keep.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence

from farthing.budgets.account import Account, Balance, Limits, in_force
from farthing.budgets.open_hold import Ended, OpenHold, Part
from farthing.domain.budget import AccountKey, Budget, Grant, Standing
from farthing.domain.hold import Charge, Loss, Settlement, Spent, Void

_Said = tuple[tuple[Budget, ...], tuple[Grant, ...]]
"""What one side says of limits."""


def nothing(_: AccountKey) -> Balance:
    return Balance()


class Holds:
    """Each hold is on all its accounts or none, and reaches exactly one end. Does not admit: the book does."""

    def __init__(self, fetch: Callable[[AccountKey], Balance] = nothing) -> None:
        """`fetch` gives the authority's balance of an account; it is asked at first touch and again after `doubt`."""
        self.accounts: dict[AccountKey, Account] = {}
        self.holds: dict[int, OpenHold] = {}
        self.gates: set[str] = set()
        """`provider/model` pairs that broke a cap and are refused under enforced budgets."""
        self.dirty: set[Account] = set()
        """Accounts whose balance changed since the caller last emptied this."""
        self.moved: set[Account] = set()
        """Accounts on which room or spending changed since those who wait were last looked at."""
        self.overruns = 0
        """Settlements that posted more than was held."""
        self._fetch = fetch
        self._given: _Said = ((), ())
        self._stored: _Said = ((), ())
        self._limits = Limits()
        self._generation = 0
        self._due: list[tuple[int, int]] = []

    # Limits and balances

    def adopt(self, budgets: Iterable[Budget], grants: Iterable[Grant]) -> None:
        """Limits from now on, as a configuration gives them; what is stored binds beside them. A cut breaks no hold."""
        self._given = (tuple(budgets), tuple(grants))
        self._bind()

    def adopt_stored(self, budgets: Iterable[Budget], grants: Iterable[Grant]) -> None:
        """What the authority itself stores of limits, from now on: budgets whose names are not given, and all grants."""
        self._stored = (tuple(budgets), tuple(grants))
        self._bind()

    def _bind(self) -> None:
        (given, grants), (stored, more) = self._given, self._stored
        self._limits = Limits(in_force(given, stored), (*grants, *more))
        for account in self.accounts.values():
            self._limits.bind(account)

    def doubt(self) -> None:
        """Somebody else may have changed balances: ask for each again before it is next used."""
        self._generation += 1

    def account(self, key: AccountKey) -> Account:
        """The account, with a balance that can be trusted."""
        account = self.accounts.get(key)
        if account is None:
            account = self.accounts[key] = Account(key)
            self._limits.bind(account)
        if account.generation != self._generation:
            account.take(self._fetch(key))
            account.generation = self._generation
        return account

    def accounts_of(self, lines: Iterable[Charge | Part]) -> list[Account]:
        """The account of each charge or part. Nearly all are known and believed, so those cost no call."""
        known, generation, found = self.accounts, self._generation, []
        for line in lines:
            account = known.get(line.account)
            if account is None or account.generation != generation:
                account = self.account(line.account)
            found.append(account)
        return found

    def standing(self, key: AccountKey) -> Standing | None:
        """As last seen; None if never touched."""
        account = self.accounts.get(key)
        return None if account is None else account.standing()

    def left(self, key: AccountKey) -> int | None:
        """What is left of it as last seen; None where it is not limited or was never touched."""
        account = self.accounts.get(key)
        return None if account is None else account.left

    # Ends

    def settle(self, settlement: Settlement) -> Ended | None:
        """Post what was spent, in full even above the hold, and release the hold. None: it had already ended."""
        hold = self.holds.pop(settlement.attempt, None)
        if settlement.overran:
            self.gates.add(settlement.overran)
        if hold is None:
            return None
        spent = settlement.spent
        return self._post(hold, tuple([part.settled(spent) for part in hold.parts]))

    def void(self, void: Void) -> Ended | None:
        """Release the whole hold. None: it had ended, or its outcome is unknown, and unknown is never free."""
        hold = self.holds.get(void.attempt)
        if hold is None or hold.unknown:
            return None
        del self.holds[void.attempt]
        return self._post(hold, (0,) * len(hold.parts))

    def lose(self, loss: Loss) -> OpenHold | None:
        """The outcome is unknown: the hold counts as spent until somebody can say, or until it is due. None: no-op."""
        if loss.overran:
            self.gates.add(loss.overran)
        return self._lose(loss.attempt, loss.due_ms, loss.seen)

    def presume_lost(self, attempt: int, due_ms: int) -> OpenHold | None:
        """As `lose`, for a hold whose owner died without a word of what it saw."""
        return self._lose(attempt, due_ms, None)

    def _lose(self, attempt: int, due_ms: int, seen: Spent | None) -> OpenHold | None:
        hold = self.holds.get(attempt)
        if hold is None or hold.unknown:
            return None
        for part in hold.parts:
            account = self.account(part.account)
            account.release(part.amount, hold.holder)
            account.unknown += part.amount
            self._touched(account)
        hold.due_ms, hold.seen = due_ms, seen
        heapq.heappush(self._due, (due_ms, attempt))
        return hold

    def charge_due(self, now_ms: int) -> list[Ended]:
        """Charge unknown outcomes whose time is over, by each budget's policy."""
        charged = []
        while self._due and self._due[0][0] <= now_ms:
            due_ms, attempt = heapq.heappop(self._due)
            hold = self.holds.get(attempt)
            if hold is not None and hold.due_ms == due_ms:
                del self.holds[attempt]
                charged.append(self._post(hold, tuple([part.estimated(hold.seen) for part in hold.parts])))
        return charged

    def correct(self, parts: Sequence[Part], posted: Sequence[int], spent: Spent) -> tuple[int, ...]:
        """Replace what the parts of an ended attempt have posted by what they should have: an adjusting entry.

        Returns the new amounts.
        """
        corrected = tuple([part.settled(spent) for part in parts])
        for part, old, new in zip(parts, posted, corrected, strict=True):
            account = self.account(part.account)
            account.posted += new - old
            assert account.posted >= 0, f"{part.account} was posted less than nothing"
            self._touched(account)
        return corrected

    def _post(self, hold: OpenHold, posted: tuple[int, ...]) -> Ended:
        accounts = self.accounts_of(hold.parts)
        overran, holder, unknown = False, hold.holder, hold.due_ms is not None
        for part, account, amount in zip(hold.parts, accounts, posted, strict=True):
            held = part.amount
            if unknown:
                account.unknown -= held
                assert account.unknown >= 0, f"{part.account} released more than was unknown"
            else:
                account.release(held, holder)
            account.posted += amount
            if amount > held:
                overran = True
        self.dirty.update(accounts)
        self.moved.update(accounts)
        self.overruns += overran
        return Ended(hold, posted, overran)

    def _touched(self, account: Account) -> None:
        self.dirty.add(account)
        self.moved.add(account)

    # For backends that keep the truth elsewhere

    def restore(self, hold: OpenHold) -> None:
        """Take up a hold that the authority still counts; its balances are already in the accounts."""
        self.holds[hold.attempt] = hold
        if hold.due_ms is not None:
            heapq.heappush(self._due, (hold.due_ms, hold.attempt))
        elif hold.holder:
            for part in hold.parts:
                held_by = self.account(part.account).held_by
                held_by[hold.holder] = held_by.get(hold.holder, 0) + part.amount

    def forget(self, attempt: int) -> None:
        """Drop a hold from memory; the authority goes on counting it."""
        self.holds.pop(attempt, None)

    def forget_holds(self) -> None:
        """Drop everything that a failed commit may have made untrue. Waiters stay."""
        self.holds.clear()
        self._due.clear()
        self.dirty.clear()
        for account in self.accounts.values():
            account.held_by.clear()
        self.doubt()

    def slim(self, most: int) -> None:
        """Above `most` accounts, forget those that nothing in memory refers to; the authority has them."""
        if len(self.accounts) <= most:
            return
        wanted = {part.account for hold in self.holds.values() for part in hold.parts}
        wanted.update(self._wanted(), (account.key for account in self.dirty))
        self.accounts = {key: account for key, account in self.accounts.items() if key in wanted}

    def _wanted(self) -> Iterable[AccountKey]:
        """Accounts that must be kept for other reasons than holds."""
        return ()
