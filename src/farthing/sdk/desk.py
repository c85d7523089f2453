"""What one call in process is handed: the engine's desk, with the caller's own client as its only way to a provider."""

from collections.abc import Callable

from farthing.call.arrival import Provider
from farthing.call.desk import Approver, Limits, Timer
from farthing.call.guards import Guards
from farthing.call.nearing import Nearing
from farthing.call.rules import Rules
from farthing.call.stages import Need
from farthing.config.engine import Engine
from farthing.domain.hold import Declined, Reserve, Reserved, Short
from farthing.guard.providers import Providers
from farthing.ports.alerts import Event
from farthing.ports.client import Client
from farthing.ports.ledger import Ledger
from farthing.ports.upstream import Upstream
from farthing.tokens.ratio import Ratios

_MOST_PROVIDERS = 256


class ProviderRules:
    """The rules in force, seen by the calls of each provider: for them it is the only one there is."""

    def __init__(self) -> None:
        self._of: Rules | None = None
        self._known: dict[Provider, Rules] = {}

    def of(self, rules: Rules, provider: Provider) -> Rules:
        """Remembered for as long as these rules are in force."""
        if rules is not self._of or len(self._known) > _MOST_PROVIDERS:
            self._of = rules
            self._known.clear()
        found = self._known.get(provider)
        if found is None:
            found = self._known[provider] = Rules(
                book=rules.book,
                facts=rules.facts,
                resolver=rules.resolver,
                providers=(provider,),
                defaults=rules.defaults,
                tiers=rules.tiers,
                levers=rules.levers,
            )
        return found


class CallDesk:
    """`farthing.call.desk.Desk` for one call."""

    def __init__(self, engine: Engine, seen: ProviderRules, provider: Provider, upstream: Upstream) -> None:
        self._engine = engine
        self._seen = seen
        self._upstream = upstream
        self._provider = provider
        self.ledger: Ledger = engine.ledger
        self.ratios: Ratios = engine.ratios
        self.limits: Limits = engine.limits
        self.nearing: Nearing = engine.nearing
        self.health: Providers = engine.health

    @property
    def draining(self) -> int:
        return self._engine.draining

    @draining.setter
    def draining(self, count: int) -> None:
        self._engine.draining = count

    @property
    def approvals(self) -> Approver:
        return self._engine.approvals

    @property
    def guards(self) -> Guards | None:
        return self._engine.guards

    @property
    def rules(self) -> Rules:
        return self._seen.of(self._engine.rules, self._provider)

    def now_ms(self) -> int:
        return self._engine.now_ms()

    def notice(self, event: Event) -> None:
        self._engine.notice(event)

    def upstream_of(self, provider: str) -> Upstream:
        assert provider == self._provider.name, "a call in process goes to its own client's provider"
        return self._upstream

    async def answer(self, need: Need) -> int | None:
        return await self._engine.answer(need)

    async def while_here(self, client: Client, ask: Reserve) -> Reserved | Short | Declined | None:
        return await self._engine.while_here(client, ask)

    async def pause(self, seconds: float) -> None:
        await self._engine.pause(seconds)

    def later(self, seconds: float, do: Callable[[], None]) -> Timer:
        return self._engine.later(seconds, do)
