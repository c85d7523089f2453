"""A call during which its budget is cut below what it will cost."""

import asyncio
import threading
from pathlib import Path

from farthing.config.build import reload
from farthing.config.load import load
from farthing.testing import Fault
from support.hasty import Seen, call, eventually, hasty_gateway


def cut_while_in_flight(folder: Path) -> tuple[Seen, int, int, Seen]:
    """What that call's client saw, what was posted, what was billed, and what the next call saw."""
    budget = '[[budgets]]\nname = "all"\nlimit = "{limit} USD"\n'
    with hasty_gateway(
        folder, budget.format(limit="1"), patience="20s", faults=[Fault(kind="latency", seconds=1.0)]
    ) as (
        gateway,
        provider,
    ):
        seen: list[Seen] = []
        caller = threading.Thread(target=lambda: seen.append(call(gateway.url, "chat", stream=True)))
        caller.start()
        eventually(lambda: len(provider.bill) == 1, "the call is under way")
        config = folder / "farthing.toml"
        config.write_text(config.read_text().replace('limit = "1 USD"', 'limit = "0.000001 USD"'))
        settings = load(config, {})
        asyncio.run_coroutine_threadsafe(reload(gateway.engine, settings), gateway.loop).result(10)
        caller.join(30)
        posted, billed = gateway.posted("all"), provider.bill.nanos
        return seen[0], posted, billed, call(gateway.url, "chat", stream=False)
