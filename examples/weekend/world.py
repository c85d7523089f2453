"""Where the weekend happens: a clock that is moved by hand, a simulated provider, a gateway, and 23 agents."""

import asyncio
import heapq
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from farthing.config.build import build, shut
from farthing.config.engine import Engine
from farthing.config.load import load
from farthing.config.settings import Settings
from farthing.gateway.app import Gateway
from farthing.gateway.limits import WireLimits
from farthing.gateway.serve import listen, server
from farthing.testing import Entry, ManualClock, SimulatedProvider, list_prices
from weekend.agents import Agent, Post, fleet
from weekend.model import night_model
from weekend.wires import Client, Hooks, Told

FRIDAY_MS = int(datetime(2026, 11, 27, 18, tzinfo=UTC).timestamp() * 1_000)
MONDAY_MS = int(datetime(2026, 11, 30, 8, tzinfo=UTC).timestamp() * 1_000)
LOOK_MINUTES = 10
"""How often the ledger is looked at for alerts, by the simulated clock; a gateway does it every five seconds."""
WEEKEND_USD, RUN_USD = "10", "0.50"

CONFIG = """\
[store]
url = "sqlite:///{store}"

[providers.openai]
format = "openai"
base_url = "{provider}/v1"
api_key = "sk-held-by-the-gateway"

[[budgets]]
name = "the weekend"
match = {{ team = "research" }}
limit = "{weekend} USD"
soft = [
    {{ at = 0.5, do = ["alert"] }},
    {{ at = 0.8, do = ["alert"] }},
    {{ at = 0.95, do = ["alert", "land"] }},
]
land_output = 300

[[budgets]]
name = "each run"
match = {{ team = "research" }}
limit = "{run} USD"
window = "run"
soft = [{{ at = 0.9, do = ["land"] }}]
land_output = 300

[guard]
same_call = 3
poll = ["get_status"]
idle_after = "1h"

[[alerts]]
when = "loop"
to = ["{hooks}/team-chat"]

[[alerts]]
when = "agent_hour > 0.1 USD"
to = ["{hooks}/phone"]
"""


class Weekend(msgspec.Struct, frozen=True, kw_only=True):
    """What became of 62 hours."""

    agents: tuple[Agent, ...]
    bill: tuple[Entry, ...]
    """The provider's."""
    seconds: float
    """Real ones."""

    @property
    def nanos(self) -> int:
        return sum(entry.nanos or 0 for entry in self.bill)

    def spent_until(self, at_ms: int) -> int:
        """On the provider's bill, in nano-dollars."""
        return sum(entry.nanos or 0 for entry in self.bill if entry.arrived_ms < at_ms)

    @property
    def running(self) -> int:
        """Agents that still had no answer on Monday morning."""
        return sum(agent.due_ms is not None for agent in self.agents)


class Governed(Weekend, frozen=True, kw_only=True):
    """The same through Farthing."""

    told: tuple[Told, ...]
    cost_nanos: dict[str, int]
    """By agent, as the ledger has it."""
    posted_nanos: int
    """On the weekend's account."""
    open_nanos: int
    runs_nanos: tuple[int, ...]
    """What each run came to."""
    refusals: int
    """Calls that were not sent."""


async def alone() -> Weekend:
    """The agents straight to the provider, from Friday evening to Monday morning."""
    clock = ManualClock(FRIDAY_MS)
    async with simulated(clock) as provider, client(provider.url) as post:
        began = asyncio.get_running_loop().time()
        agents = fleet(FRIDAY_MS)
        await live(agents, clock, post)
        seconds = asyncio.get_running_loop().time() - began
        return Weekend(agents=tuple(agents), bill=provider.bill.entries, seconds=seconds)


async def governed() -> Governed:
    """The same agents, the same clock; Farthing between them and the provider."""
    clock = ManualClock(FRIDAY_MS)
    async with simulated(clock) as provider, Hooks() as hooks, gateway(clock, provider.url, hooks.url) as running:
        engine, url = running
        began = asyncio.get_running_loop().time()
        agents = fleet(FRIDAY_MS)
        async with client(url) as post:
            await live(agents, clock, post, lambda: look(engine))
        await engine.ledger.flush()
        (standing,) = engine.records.accounts("the weekend")
        rows = engine.records.usage(by=("agent",), since_ms=FRIDAY_MS, until_ms=MONDAY_MS)
        return Governed(
            agents=tuple(agents),
            bill=provider.bill.entries,
            seconds=asyncio.get_running_loop().time() - began,
            told=tuple(hooks.told),
            cost_nanos={row.group[0]: row.cost_nanos for row in rows},
            posted_nanos=standing.posted,
            open_nanos=standing.held + standing.unknown,
            runs_nanos=tuple(run.posted for run in engine.records.accounts("each run")),
            refusals=sum(row.refused for row in rows),
        )


async def live(
    agents: list[Agent], clock: ManualClock, post: Post, look: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Let time pass until Monday: each agent takes its step when it is due, and `look` is called every few minutes."""
    due = [(agent.due_ms, at) for at, agent in enumerate(agents) if agent.due_ms is not None]
    heapq.heapify(due)
    looks_ms = FRIDAY_MS + LOOK_MINUTES * 60_000
    while due and due[0][0] < MONDAY_MS:
        now_ms, at = heapq.heappop(due)
        while look is not None and looks_ms <= now_ms:
            clock.advance(ms=looks_ms - clock())
            await look()
            looks_ms += LOOK_MINUTES * 60_000
        clock.advance(ms=now_ms - clock())
        await agents[at].step(post, now_ms)
        next_ms = agents[at].due_ms
        if next_ms is not None:
            heapq.heappush(due, (next_ms, at))


async def look(engine: Engine) -> None:
    """What a gateway does every few seconds: judge the rules, and deliver what there is to tell."""
    alerting, store = engine.alerting, engine.store
    await engine.ledger.flush()  # what is 10 ms behind would be minutes by this clock
    await alerting.notices.keep(store.outbox)
    await asyncio.to_thread(alerting.watch.step, engine.now_ms())
    await alerting.courier.deliver_due()


@asynccontextmanager
async def simulated(clock: ManualClock) -> AsyncIterator[SimulatedProvider]:
    async with SimulatedProvider(prices=list_prices(clock), script=night_model, clock=clock) as provider:
        yield provider


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Post]:
    made = Client(url)
    try:
        yield made.post
    finally:
        await made.close()


@asynccontextmanager
async def gateway(clock: ManualClock, provider: str, hooks: str) -> AsyncIterator[tuple[Engine, str]]:
    """A gateway whose every moment is the clock's, and its address."""
    with tempfile.TemporaryDirectory(prefix="farthing-weekend-") as folder:
        engine = await build(configured(Path(folder), provider, hooks), what="weekend", clock=clock)
        listening = listen("127.0.0.1", 0)
        running = server(Gateway(engine), drain_seconds=5, limits=WireLimits())
        serving = asyncio.create_task(running.serve(sockets=[listening]))
        try:
            while not running.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
                await asyncio.sleep(0.01)
            yield engine, f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            await serving
            await shut(engine)


def configured(folder: Path, provider: str, hooks: str) -> Settings:
    """The configuration above as a gateway reads it, with its store in this folder."""
    file, store = folder / "farthing.toml", folder / "farthing.db"
    text = CONFIG.format(store=store, provider=provider, hooks=hooks, weekend=WEEKEND_USD, run=RUN_USD)
    file.write_text(text, "utf-8")
    return load(file, {})
