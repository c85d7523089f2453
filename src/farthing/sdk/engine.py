"""The engine in this process: on a thread and an event loop of its own, shared by all budgets and clients of one store."""

import asyncio
import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from farthing.config.bereaving import bereave_for_ever
from farthing.config.build import build, shut
from farthing.config.engine import Engine
from farthing.config.load import load
from farthing.config.settings import Settings
from farthing.domain.errors import LedgerUnavailable
from farthing.sdk.beats import Beats
from farthing.sdk.desk import ProviderRules
from farthing.sdk.errors import Misused
from farthing.sdk.loops import here
from farthing.sdk.scope import STORE, Scope

T = TypeVar("T")

CONFIG = "FARTHING_CONFIG"
MEMORY = "memory:"
_FILE = "sqlite:///"
START_SECONDS = 30.0
DRAIN_SECONDS = 5.0
"""How long calls under way may still take when the process ends."""
LOOK_SECONDS = 1.0
"""How often somebody who waits for the engine looks whether it is still there."""
_SHUT = "the engine of this process has been shut; nothing was sent"


class Stream(Protocol):
    """An answer on its way."""

    def close(self) -> None:
        """Its user wants no more of it; it is read to its end for the sake of its usage."""
        ...


class _Threads(ThreadPoolExecutor):
    """Threads, and when the program ends and no thread begins any more, the engine's own: what is open must be closed."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **named: Any) -> "Future[T]":
        try:
            return super().submit(fn, *args, **named)
        except RuntimeError:
            done: Future[T] = Future()
            try:
                done.set_result(fn(*args, **named))
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                done.set_exception(error)
            return done


class LocalEngine:
    """A running engine. Any thread may ask it; what it is asked runs on its own loop, one step at a time, like the gateway."""

    def __init__(self, settings: Settings, store: str = MEMORY) -> None:
        """`store` is what FARTHING_STORE calls it. Raises BadConfig or StoreBroken, each with what to do."""
        self.process = os.getpid()
        self.store = store
        self.calls: set[asyncio.Task[None]] = set()
        self.streams: set[Stream] = set()
        """Answers on their way to a user. Held here, or a garbage collector that finds one that nobody reads would end with
        it what is still to be read for the sake of its usage."""
        self.rules = ProviderRules()
        self.beats: Beats
        """Of the runs that this process has opened."""
        self.settings = settings
        self._started: Future[tuple[Engine, asyncio.AbstractEventLoop]] = Future()
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="farthing", daemon=True)
        self._thread.start()
        self.engine, self.loop = self._started.result(START_SECONDS)
        _close_with_worker()

    @property
    def in_memory(self) -> bool:
        """Whether its accounts end with this process."""
        return self.settings.store.url == MEMORY

    @property
    def alive(self) -> bool:
        """False once it was shut, and in a forked child: its thread is not there."""
        return self._thread.is_alive() and self.process == os.getpid()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this on the engine's loop and wait for it. Raises LedgerUnavailable where the engine is shut."""
        future = self._submit(work)
        while True:
            try:
                return future.result(LOOK_SECONDS)
            except TimeoutError:
                if future.done():  # the work's own
                    raise
                if not self.alive:
                    raise LedgerUnavailable("the engine of this process was shut") from None

    async def do_async(self, work: Coroutine[Any, Any, T]) -> T:
        """The same, from another event loop, which goes on meanwhile."""
        return await here().answer(self._submit(work))

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin this on the engine's loop and return at once."""

        def begin() -> None:
            task = self.loop.create_task(work())
            self.calls.add(task)
            task.add_done_callback(self.calls.discard)

        self._check()
        try:
            self.loop.call_soon_threadsafe(begin)
        except RuntimeError as error:  # its loop was closed in this very moment
            raise LedgerUnavailable(_SHUT) from error

    def soon(self, act: Callable[[], None]) -> None:
        """Do this on the engine's loop before whatever it is asked next; nothing where it is shut."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(act)

    def close(self) -> None:
        """Let calls under way end, make everything durable and leave the store. Safe to call twice."""
        if self._stop is not None and not self.loop.is_closed() and self.process == os.getpid():
            for stream in tuple(self.streams):
                stream.close()
            self.loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(DRAIN_SECONDS + START_SECONDS)

    def _submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        try:
            self._check()
            return asyncio.run_coroutine_threadsafe(work, self.loop)
        except RuntimeError as error:
            work.close()
            raise LedgerUnavailable(_SHUT) from error
        except BaseException:
            work.close()
            raise

    def _check(self) -> None:
        if not self.alive:
            raise LedgerUnavailable(_SHUT)
        if threading.current_thread() is self._thread:
            raise Misused("the engine cannot wait for itself: call this from a thread of your own")

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            if not self._started.done():
                self._started.set_exception(error)

    async def _live(self) -> None:
        self._stop = asyncio.Event()
        asyncio.get_running_loop().set_default_executor(_Threads(thread_name_prefix="farthing"))
        engine = await build(self.settings, what="sdk")
        self.beats = Beats(engine)
        beside = [asyncio.create_task(work) for work in self._beside(engine)]
        self._started.set_result((engine, asyncio.get_running_loop()))
        await self._stop.wait()
        if self.calls:
            await asyncio.wait(set(self.calls), timeout=DRAIN_SECONDS)
        for task in (*self.calls, *beside):
            task.cancel()
        await asyncio.gather(*self.calls, *beside, return_exceptions=True)
        await shut(engine)

    def _beside(self, engine: Engine) -> Iterator[Coroutine[Any, Any, None]]:
        """What goes on for as long as it runs."""
        if self.settings.alerts:
            yield engine.alerting.run()
        if not self.in_memory:
            yield self.beats.go_on()
            yield bereave_for_ever(engine.store.guards, engine.refresh_soon)


_lock = threading.Lock()
_engines: dict[tuple[str, str], LocalEngine] = {}
_places: dict[str, str] = {}
"""Where files are, by the names they were given."""


def local_engine(store: str | None = None) -> LocalEngine:
    """The engine of this store; by default of the one that the environment names now. Raises Misused for a forked child of
    a store in memory, BadConfig or StoreBroken where it cannot be used."""
    store = store_named() if store is None else place_of(store)
    config = os.environ.get(CONFIG, "")
    known = running(store, config)
    if known is not None:
        return known
    with _lock:
        known = _engines.get((store, config))
        if known is not None and known.process != os.getpid():
            _refuse_fork(known)
            known = None
        if known is None or not known.alive:
            known = _engines[store, config] = LocalEngine(_settings(store, config), store)
    return known


def engine_of(scope: Scope | None, store: str) -> LocalEngine:
    """The engine that counts what is asked in this scope. One in memory may be shut by now; then it says so."""
    if scope is not None and scope.home is not None:
        home: LocalEngine = scope.home
        return home
    return local_engine(store)


def store_named() -> str:
    """The store of budgets that are opened now."""
    return place_of(os.environ.get(STORE) or MEMORY)


def place_of(store: str) -> str:
    """The store as any process would name it: a file by its whole path, which it keeps wherever the program goes. A child
    that is started in another folder would make a file of its own there, without a budget in it."""
    file = store.removeprefix(_FILE)
    if not file or ":" in file:
        return store
    if store not in _places:
        _places[store] = str(Path(file).absolute())
    return _places[store]


def running(store: str, config: str | None = None) -> LocalEngine | None:
    """The engine of this store, where it runs in this process."""
    known = _engines.get((store, os.environ.get(CONFIG, "") if config is None else config))
    return known if known is not None and known.alive else None


def close_engines() -> None:
    """Make everything durable and leave every store; the next budget or call opens it anew."""
    with _lock:
        engines = list(_engines.values())
        _engines.clear()
        _places.clear()
    for engine in engines:
        engine.close()


def _settings(store: str, config: str) -> Settings:
    if ":" in store and not store.startswith((MEMORY, "sqlite:")):
        raise Misused(
            f"budgets are counted in a file, like farthing.db, or by a gateway, like http://127.0.0.1:4141, not in {store!r}: "
            f"correct {STORE}, or `store`"
        )
    named = store if ":" in store else f"sqlite:///{Path(store).absolute()}"
    return load(Path(config) if config else None, os.environ, {"store.url": named})


def _refuse_fork(known: LocalEngine) -> None:
    if known.in_memory:
        raise Misused(
            f"the budgets of this program live in the memory of process {known.process}, and a forked process cannot spend "
            f"from them; name a file for both before the first budget: {STORE}=farthing.db"
        )


def _close_with_worker() -> None:
    """A process of `multiprocessing` ends without what is registered for a program's end: say it in its own way too."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, close_engines, exitpriority=100)


def _after_fork() -> None:
    """In a child: whoever held the lock is not here."""
    global _lock  # noqa: PLW0603 - a lock cannot be mended in place
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(close_engines)
