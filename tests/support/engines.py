"""A wired engine for a test that needs no HTTP: built, used and shut on one event loop."""

import asyncio
from contextlib import asynccontextmanager

from farthing.config.build import build, shut
from farthing.domain.budget import AccountKey, Unit
from farthing.domain.hold import Charge, Reserve
from farthing.domain.ids import attempt_id
from farthing.domain.record import AttemptOpening, CallOpening
from support.configs import load_text

FILE = """
[store]
url = "sqlite:///{folder}/farthing.db"
[providers.openai]
format = "openai"
base_url = "http://127.0.0.1:9/v1"
api_key = "env:OPENAI_API_KEY"
[[budgets]]
name = "all"
limit = "1 USD"
"""


def settings_in(folder, more="", text=FILE):
    return load_text(folder, text.format(folder=folder) + more)


@asynccontextmanager
async def engine_in(folder, more="", text=FILE):
    """An engine on a file of its own, shut at the end."""
    engine = await build(settings_in(folder, more, text))
    try:
        yield engine
    finally:
        await shut(engine)


def with_engine(folder, act, more="", text=FILE):
    """Run `act(engine)` on a loop of its own."""

    async def run():
        async with engine_in(folder, more, text) as engine:
            return await act(engine)

    return asyncio.run(run())


def ask_for(engine, nanos, budget="all", wait_ms=0):
    """A reserve of so much on a lifetime budget."""
    now = engine.now_ms()
    call = engine.mint(now)
    opening = AttemptOpening(
        id=attempt_id(call, 1),
        call_id=call,
        ordinal=1,
        provider="p",
        model="m",
        book="",
        bound="bytes",
        input_bound=1,
        opened_ms=now,
    )
    charge = Charge(AccountKey(budget, "", Unit.USD, "lifetime"), nanos * 1_000, 0, 1, 1_000)
    return Reserve(
        opening=opening, call=CallOpening(id=call, arrived_ms=now), charges=(charge,), cap=1, floor=1, wait_ms=wait_ms
    )
