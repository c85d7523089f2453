"""A whole gateway for a test: its own loop in a thread, its own store in a temporary folder, a simulated provider behind it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from farthing.config.build import build, shut
from farthing.config.engine import Engine, wall_ms
from farthing.config.load import load
from farthing.gateway.app import Pages
from farthing.gateway.limits import WireLimits
from farthing.gateway.serve import listen, serve
from farthing.testing import SimulatedProvider, list_prices

CONFIG = """
[store]
url = "{store}"

[providers.openai]
format = "openai"
base_url = "{provider}/v1"
api_key = "sk-provider-openai"

[providers.anthropic]
format = "anthropic"
base_url = "{provider}"
api_key = "sk-provider-anthropic"

{more}
"""


class RunningGateway:
    """What a test needs of a gateway that runs."""

    def __init__(self, engine: Engine, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.engine = engine
        self.port = port
        self.loop = loop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def flush(self) -> None:
        """Everything said so far is in the file."""
        asyncio.run_coroutine_threadsafe(self.engine.ledger.flush(), self.loop).result(30)

    def posted(self, budget: str) -> int:
        """Posted on the budget's accounts, durably, in its unit's base."""
        self.flush()
        return sum(standing.posted for standing in self.engine.records.accounts(budget))

    def open(self, budget: str) -> int:
        """Held or unknown on the budget's accounts."""
        self.flush()
        return sum(standing.held + standing.unknown for standing in self.engine.records.accounts(budget))

    def record(self, call_id: str) -> Any:
        from farthing.domain.ids import read

        self.flush()
        return self.engine.records.call(read("call", call_id))


def write_config(folder: Path, provider_url: str, more: str = "", store: str = "") -> Path:
    """A farthing.toml for this provider."""
    file = folder / "farthing.toml"
    url = store or f"sqlite:///{folder}/farthing.db"
    file.write_text(CONFIG.format(store=url, provider=provider_url, more=more))
    return file


@contextmanager
def running_gateway(
    config: Path,
    limits: WireLimits | None = None,
    clock: Callable[[], int] = wall_ms,
    pages: Callable[[Engine], Pages] | None = None,
) -> Iterator[RunningGateway]:
    """Serve until the block ends; then drain and close the store."""
    started = threading.Event()
    box: dict[str, Any] = {}

    async def main() -> None:
        engine = await build(load(config, {}), clock=clock)
        listening = listen("127.0.0.1", 0)
        box["gateway"] = RunningGateway(engine, listening.getsockname()[1], asyncio.get_running_loop())
        box["stop"] = asyncio.Event()
        await serve(
            engine,
            listening,
            drain_seconds=5,
            limits=limits,
            pages=pages(engine) if pages else None,
            ready=started.set,
            stop=box["stop"],
        )
        await shut(engine)

    def run() -> None:
        try:
            uvloop.run(main())
        except BaseException as error:
            box["error"] = error
            started.set()
            raise

    thread = threading.Thread(target=run, name="gateway", daemon=True)
    thread.start()
    assert started.wait(30), "the gateway did not start"
    if "error" in box:
        raise box["error"]
    gateway = box["gateway"]
    try:
        yield gateway
    finally:
        gateway.loop.call_soon_threadsafe(box["stop"].set)
        thread.join(30)
        assert not thread.is_alive(), "the gateway did not stop"


@contextmanager
def gateway_and_provider(
    folder: Path, more: str = "", **provider: Any
) -> Iterator[tuple[RunningGateway, SimulatedProvider]]:
    """Both, wired together; the provider's bill has its money from the same list prices."""
    provider.setdefault("prices", list_prices(wall_ms))
    with (
        SimulatedProvider(**provider).in_thread() as simulated,
        running_gateway(write_config(folder, simulated.url, more)) as gateway,
    ):
        yield gateway, simulated
