"""What is remembered between calls for those that come near a limit: how accounts stood, caches, last answers."""

from collections.abc import Mapping

from farthing.budgets.thresholds import Watched, accounts_of, far_from
from farthing.call.landing import Landings
from farthing.call.plan import Plan
from farthing.call.warmth import Warmth, Whose
from farthing.domain.budget import AccountKey, Standing
from farthing.domain.usage import Usage
from farthing.ports.ledger import Ledger

FRESH_MS = 1_000
"""How long a look at the authority may have been ago, for accounts that are far from their thresholds."""
MOST_LOOKS = 16_384


class Nearing:
    """One for all calls of a process. Calls that no soft threshold concerns never come here."""

    __slots__ = ("_kept_ms", "_looked_ms", "landings", "warmth")

    def __init__(self) -> None:
        self.landings = Landings()
        self.warmth = Warmth()
        self._looked_ms: dict[tuple[AccountKey, ...], int] = {}
        self._kept_ms: dict[str, int] = {}
        """When money was last kept for each run's last answer, by its window; the longest ago first."""

    async def standings(self, soft: tuple[Watched, ...], ledger: Ledger, now_ms: int) -> Mapping[AccountKey, Standing]:
        """How the accounts stand that decide. Raises LedgerUnavailable.

        What this process last saw is enough while it is young and, with all that is held spent, no threshold is near;
        else the authority says, after all that this process told it: near a threshold an answer must not be overtaken
        by the agent's next call.
        """
        accounts = accounts_of(soft)
        if now_ms - self._looked_ms.get(accounts, 0) < FRESH_MS:
            seen = {each.account: each for each in map(ledger.standing, accounts) if each is not None}
            if far_from(soft, seen):
                return seen
        if accounts not in self._looked_ms and len(self._looked_ms) >= MOST_LOOKS:
            self._looked_ms.clear()
        self._looked_ms[accounts] = now_ms
        return {each.account: each for each in await ledger.look(accounts)}

    def keeps(
        self, landing: tuple[tuple[AccountKey, int], ...], ledger: Ledger, now_ms: int, idle_after_ms: int
    ) -> None:
        """A call that keeps money for its run's last answer was funded. Runs that have not called for so long are idle, and
        their money is freed: nobody waits for it but calls, so it is early enough when one comes."""
        for account, _ in landing:
            self._kept_ms.pop(account.window, None)
            self._kept_ms[account.window] = now_ms
        while self._kept_ms:
            oldest, kept_ms = next(iter(self._kept_ms.items()))
            if now_ms - kept_ms < idle_after_ms:
                return
            del self._kept_ms[oldest]
            ledger.free_landing(oldest)

    def learn(self, plan: Plan, usage: Usage, now_ms: int) -> None:
        """A call came back that a change of model might concern."""
        automatic = plan.provider.format == "openai"
        self.warmth.learn(whose(plan), plan.model, usage, now_ms, automatic=automatic)


def whose(plan: Plan) -> Whose:
    """Whose prompts begin alike: those of one agent in one run, of one key."""
    told = dict(plan.arrival.caller.labels)
    return plan.arrival.caller.key, told.get("run", ""), told.get("agent", "")
