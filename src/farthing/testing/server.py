"""The provider as a server: on the running loop, in a thread of its own, or blocking."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from farthing.domain.price import Rates
from farthing.testing.app import App
from farthing.testing.bill import Bill, PriceOf
from farthing.testing.clock import Clock, system_clock
from farthing.testing.connection import TRANSPORT
from farthing.testing.conversation import Reply
from farthing.testing.faults import Fault, FaultPlan
from farthing.testing.script import Answerer, Script
from farthing.testing.simulation import Request, Settings, Simulation
from farthing.testing.tokens import count

_BACKLOG = 2_048
_KEEP_ALIVE_SECONDS = 75
_START_SECONDS = 10


class SimulatedProvider:
    """A provider on loopback. `async with` it on the running loop, or `with provider.in_thread()` from anywhere.

    `prices` gives the bill its money: a table of `Rates` by model, or a function (see `bill.PriceOf`). `script` is a
    list of replies, one a request, or a function from prompt to reply. `faults` is a list of faults, one a request.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        prices: Mapping[str, Rates] | PriceOf | None = None,
        script: Iterable[Reply | str] | Answerer | None = None,
        faults: Iterable[Fault | str | None] = (),
        clock: Clock = system_clock,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """`port` 0 takes a free one."""
        self.simulation = Simulation(settings or Settings(), prices=prices, script=script, faults=faults, clock=clock)
        self.host = host
        self.port = port
        self._config = Config(
            App(self.simulation),
            http=_Protocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        self._state = ServerState()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port, without `/v1`."""
        return f"http://{self.host}:{self.port}"

    @property
    def bill(self) -> Bill:
        return self.simulation.bill

    @property
    def script(self) -> Script:
        return self.simulation.script

    @property
    def faults(self) -> FaultPlan:
        return self.simulation.faults

    @property
    def count_faults(self) -> FaultPlan:
        return self.simulation.count_faults

    @property
    def requests(self) -> tuple[Request, ...]:
        """The last requests to models as they arrived, oldest first."""
        return tuple(self.simulation.requests)

    def reset(self) -> None:
        """Forget bill, script, faults, caches and stored responses."""
        self.simulation.reset()

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._loop = asyncio.get_running_loop()
        self._config.load()
        count("ready")  # loads the tokenizer now, so that no request waits for it
        await self._listen()

    async def stop(self) -> None:
        """Stop listening, abort what is still open, and wait for its handlers."""
        await self._close()
        for protocol in list(self._state.connections):
            protocol.transport.abort()
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @contextmanager
    def in_thread(self) -> Iterator[Self]:
        """Serve from a thread with a loop of its own until the block ends."""
        ready = threading.Event()
        failed: list[BaseException] = []
        done: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        thread = threading.Thread(
            target=self._serve_thread, args=(ready, done, failed), name="simulated provider", daemon=True
        )
        thread.start()
        assert ready.wait(_START_SECONDS), "the simulated provider did not start in time"
        if failed:
            raise failed[0]
        try:
            yield self
        finally:
            loop, stopped = done[0]
            loop.call_soon_threadsafe(stopped.set)
            thread.join(_START_SECONDS)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse new connections and abort open ones until the block ends. Not from the provider's own loop: see `refuse`."""
        assert self._loop is not None, "start the provider first"
        asyncio.run_coroutine_threadsafe(self.refuse(), self._loop).result(_START_SECONDS)
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(self.accept(), self._loop).result(_START_SECONDS)

    async def refuse(self) -> None:
        """From now on connections are refused, and open ones are aborted."""
        await self._close()
        for protocol in list(self._state.connections):
            protocol.transport.abort()

    async def accept(self) -> None:
        """Listen again, on the same port."""
        await self._listen()

    async def _listen(self) -> None:
        assert self._loop is not None
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
        except OSError:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        self._server = await self._loop.create_server(self._protocol, sock=listener, backlog=_BACKLOG)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            await asyncio.sleep(0)

    def _protocol(self) -> HttpToolsProtocol:
        return _Protocol(config=self._config, server_state=self._state, app_state={}, _loop=self._loop)

    def _serve_thread(
        self,
        ready: threading.Event,
        done: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]],
        failed: list[BaseException],
    ) -> None:
        async def serve() -> None:
            stopped = asyncio.Event()
            done.append((asyncio.get_running_loop(), stopped))
            async with self:
                ready.set()
                await stopped.wait()

        try:
            with asyncio.Runner(loop_factory=_new_loop) as runner:
                runner.run(serve())
        except BaseException as error:  # noqa: BLE001  handed to the thread that waits
            failed.append(error)
        finally:
            ready.set()


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, which shows its transport to the application so that faults can abort it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


def serve_provider(provider: SimulatedProvider, ready: Callable[[], None] | None = None) -> None:
    """Serve until interrupted; blocks. `ready` is called once the provider listens, when `provider.url` is known."""

    async def serve() -> None:
        async with provider:
            if ready is not None:
                ready()
            await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(serve())


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415  any loop will do
    except ImportError:
        return asyncio.new_event_loop()
    loop: Any = uvloop.new_event_loop()
    return loop  # type: ignore[no-any-return]
