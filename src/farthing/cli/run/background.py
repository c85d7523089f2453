"""A gateway in a thread of its own, for commands that do something else meanwhile."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvloop

from farthing.config.build import build, shut
from farthing.config.engine import Engine
from farthing.config.settings import Settings
from farthing.gateway.app import Pages
from farthing.gateway.serve import listen, serve

START_SECONDS = 30
DRAIN_SECONDS = 5.0


class Background:
    """The gateway that runs meanwhile. Its engine lives on the thread's own loop: read from it, do not await it."""

    def __init__(self, settings: Settings, what: str, pages: Callable[[Engine], Pages] | None) -> None:
        self.settings = settings
        self.engine: Engine | None = None
        self.port = 0
        self._what = what
        self._pages = pages
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port, without `/v1`."""
        host = self.settings.gateway.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def flush(self) -> None:
        """Everything said to the ledger before is on record when this returns."""
        assert self.engine is not None
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self.engine.ledger.flush(), self._loop).result(START_SECONDS)

    def run(self) -> None:
        """The thread's work."""
        try:
            uvloop.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._failure = error
        finally:
            self._started.set()

    def wait_started(self) -> None:
        """Raises what kept it from starting."""
        self._started.wait(START_SECONDS)
        if self._failure is not None:
            raise self._failure
        assert self.engine is not None, "the gateway did not start in time"

    def stop(self) -> None:
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        listening = listen(self.settings.gateway.host, self.settings.gateway.port)
        self.port = listening.getsockname()[1]
        try:
            self.engine = await build(self.settings, what=self._what)
        except BaseException:
            listening.close()
            raise
        try:
            await serve(
                self.engine,
                listening,
                drain_seconds=DRAIN_SECONDS,
                pages=self._pages(self.engine) if self._pages else None,
                ready=self._started.set,
                stop=self._stop,
            )
        finally:
            await shut(self.engine)


@contextmanager
def background_gateway(
    settings: Settings, *, what: str, pages: Callable[[Engine], Pages] | None = None
) -> Iterator[Background]:
    """Serve these settings (port 0: a free one) until the block ends; then drain and close the store. `pages` makes what
    people see at `/`.

    Raises OSError where the port is taken, BadConfig or StoreBroken as `build` does.
    """
    background = Background(settings, what, pages)
    thread = threading.Thread(target=background.run, name="farthing gateway", daemon=True)
    thread.start()
    try:
        background.wait_started()
        yield background
    finally:
        background.stop()
        thread.join(START_SECONDS)
