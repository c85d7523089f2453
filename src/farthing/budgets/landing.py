"""Money kept for the last answers of runs: one amount on each account of a run's own, which only its last call may use.

It is set aside for a request that nobody has sent yet, so it is kept in memory only: where it is lost, the next call of
the run keeps it anew. It never stands on an account that several runs share.
"""

from collections.abc import Mapping

from farthing.domain.budget import AccountKey
from farthing.domain.hold import Reserve

Kept = Mapping[AccountKey, int]
NOTHING: Kept = {}
MOST_RUNS = 65_536
"""Runs whose money is remembered; the one that called longest ago is forgotten first."""


class SetAside:
    """By the name of the run's window, since it is a run that goes idle or ends."""

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        self._runs: dict[str, dict[AccountKey, int]] = {}

    def __bool__(self) -> bool:
        return bool(self._runs)

    def on(self, account: AccountKey) -> int:
        """What is kept there; 0 for nothing."""
        return self._runs.get(account.window, NOTHING).get(account, 0)

    def beside(self, ask: Reserve) -> Kept:
        """What must be left on the accounts of a reserve when it is held: what it keeps there itself, else what is kept
        there already. The last call may use all of it."""
        if ask.lands:
            return NOTHING
        kept = dict(ask.landing)
        for charge in ask.charges:
            if charge.account not in kept and (amount := self.on(charge.account)):
                kept[charge.account] = amount
        return kept

    def resize(self, ask: Reserve) -> None:
        """A reserve was held: what it keeps replaces what was kept there; the last call has used it up."""
        for account, amount in ask.landing:
            amounts = self._runs.pop(account.window, None) or {}
            amounts[account] = amount
            self._runs[account.window] = amounts  # now the latest
            if len(self._runs) > MOST_RUNS:
                del self._runs[next(iter(self._runs))]
        if ask.lands:
            for charge in ask.charges:
                if self.on(charge.account):
                    self._forget(charge.account)

    def free(self, window: str) -> tuple[AccountKey, ...]:
        """Nothing is kept for this run any more. The accounts on which there is room now."""
        return tuple(self._runs.pop(window, NOTHING))

    def _forget(self, account: AccountKey) -> None:
        amounts = self._runs[account.window]
        del amounts[account]
        if not amounts:
            del self._runs[account.window]
