"""A desk made of values: a ledger in memory, prepared answers, a clock that stands still unless told."""

import json
from types import SimpleNamespace
from typing import Any

from farthing.budgets.match import Resolver
from farthing.call.arrival import Arrival, Caller, Provider
from farthing.call.desk import Limits
from farthing.call.drive import drive
from farthing.call.entering import enter
from farthing.call.nearing import Nearing
from farthing.call.rules import Rules
from farthing.call.stages import Need
from farthing.domain.budget import Budget, Unit
from farthing.domain.hold import Reserve
from farthing.domain.ids import Mint
from farthing.domain.money import parse_usd
from farthing.guard.providers import Providers
from farthing.ports.alerts import Event
from farthing.pricing.book import PriceBook
from farthing.pricing.facts import FactBook
from farthing.stores.memory.ledger import MemoryLedger
from farthing.tokens.ratio import Ratios
from farthing.wire.dialect import Dialect
from farthing.wire.openai.chat import ChatDialect
from support.client import ListeningClient
from support.upstream import PreparedUpstream

NOW_MS = 1_790_000_000_000
BOOK = PriceBook.load()
FACTS = FactBook.load(BOOK)
OPENAI = Provider(name="openai", format="openai", origin="https://openai.test", base_path="/v1")
ANTHROPIC = Provider(name="anthropic", format="anthropic", origin="https://anthropic.test", counts_tokens=True)


def dollars(limit: str, name: str = "all", **more: Any) -> Budget:
    return Budget(name=name, limits=((Unit.USD, parse_usd(limit)),), **more)


class ValueDesk:
    """call.desk.Desk. `facts` answers what stages ask, by the kind of need."""

    def __init__(self, *outcomes: Any, budgets: tuple[Budget, ...] = (), limits: Limits | None = None) -> None:
        self.time_ms = NOW_MS
        self.upstream = PreparedUpstream(*outcomes)
        self.ledger = MemoryLedger(clock=lambda: self.time_ms, steady=lambda: self.time_ms)
        self.ledger.adopt(budgets, ())
        self.rules = Rules(book=BOOK, facts=FACTS, resolver=Resolver(budgets), providers=(OPENAI, ANTHROPIC))
        self.ratios = Ratios()
        self.limits = limits or Limits()
        self.draining = 0
        self.guards = None
        self.health = Providers()
        self.nearing = Nearing()
        self.mint = Mint(0)
        self.facts: dict[type, int | None] = {}
        self.asked: list[Need] = []
        self.pauses: list[float] = []
        self.timers: list[Any] = []
        self.events: list[Event] = []

    def notice(self, event: Event) -> None:
        self.events.append(event)

    def now_ms(self) -> int:
        return self.time_ms

    def upstream_of(self, provider: str) -> PreparedUpstream:
        return self.upstream

    async def answer(self, need: Need) -> int | None:
        self.asked.append(need)
        return self.facts.get(type(need))

    async def while_here(self, client: Any, ask: Reserve) -> Any:
        if client.gone:
            return None
        return await self.ledger.reserve(ask)

    def later(self, seconds: float, do: Any) -> Any:
        """Kept, not run: a test lets the time pass by calling it."""
        self.timers.append(do)
        return SimpleNamespace(cancel=lambda: self.timers.remove(do) if do in self.timers else None)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def arrival(self, body: dict[str, Any], dialect: Dialect | None = None, **more: Any) -> Arrival:
        dialect = dialect or ChatDialect()
        paths = {
            "openai-chat": "/chat/completions",
            "anthropic-messages": "/v1/messages",
            "openai-responses": "/responses",
        }
        return Arrival(
            id=self.mint(self.time_ms),
            arrived_ms=self.time_ms,
            dialect=dialect,
            draft=dialect.read(json.dumps(body).encode()),
            caller=more.pop("caller", Caller()),
            path=paths[dialect.name],
            **more,
        )

    async def call(self, body: dict[str, Any], client: ListeningClient | None = None, **more: Any) -> ListeningClient:
        """Drive one call to its end."""
        client = client or ListeningClient()
        arrival = self.arrival(body, **more)
        await drive(await enter(arrival, self.rules, self), self, client)
        return client

    def spent(self, budget: str = "all") -> tuple[int, int, int]:
        """Posted, held and unknown of a budget's only money account."""
        found = [s for s in self.ledger.records.accounts(budget) if s.account.unit is Unit.USD]
        assert len(found) == 1
        return found[0].posted, found[0].held, found[0].unknown

    def last(self) -> Any:
        """The newest call's record."""
        return self.ledger.records.call(self.ledger.records.recent(limit=1)[0].id)


def chat(text: str = "hello", **fields: Any) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **fields}
