"""Run the gateway: uvicorn with our limits, a graceful drain on SIGTERM, a reload on SIGHUP."""

import asyncio
import gc
import logging
import resource
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn

from farthing.config.bereaving import bereave_for_ever
from farthing.config.engine import Engine
from farthing.config.summing import sum_up_for_ever
from farthing.domain.errors import FarthingError
from farthing.gateway.admin.apart import AdminSide
from farthing.gateway.app import Gateway, Pages
from farthing.gateway.limits import WireLimits
from farthing.gateway.protocol import LimitedProtocol, sweep
from farthing.gateway.run_keeping import keep_runs

log = logging.getLogger("farthing.gateway")

READ_AHEAD_BYTES = 64 * 1024
"""What a slow client may leave unread before its stream waits; the transport's own high-water mark."""

NEW_OBJECTS = 20_000
"""How many more objects there may be than at the last look before the collector looks again (a millisecond's work): more
than those of two hundred calls in flight."""

Reload = Callable[[], Awaitable[None]]
Listening = socket.socket | tuple[socket.socket, socket.socket]
"""Where the gateway answers; and a second address for the admin side alone, where there is one."""


class Server(uvicorn.Server):
    """uvicorn's, with a second address for another application. Connections of both are in one state, so that limits, the
    sweep and the drain hold for all of them."""

    def __init__(self, config: uvicorn.Config, beside: tuple[uvicorn.Config, socket.socket] | None) -> None:
        super().__init__(config)
        self._beside = beside

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._beside is None:
            return
        config, listening = self._beside
        config.load()

        def protocol() -> asyncio.Protocol:
            made: Callable[..., asyncio.Protocol] = config.http_protocol_class
            return made(config=config, server_state=self.server_state, app_state={})

        loop = asyncio.get_running_loop()
        self.servers.append(await loop.create_server(protocol, sock=listening, backlog=config.backlog))


def server(
    gateway: Gateway, *, drain_seconds: float, limits: WireLimits, apart: socket.socket | None = None
) -> uvicorn.Server:
    """A configured server; `apart` is the address of the admin side, where it has its own."""
    beside = None if apart is None else (_config(AdminSide(gateway), drain_seconds, limits), apart)
    return Server(_config(gateway, drain_seconds, limits), beside)


def _config(application: Gateway | AdminSide, drain_seconds: float, limits: WireLimits) -> uvicorn.Config:
    """The parser is pinned: `auto` would take h11 where httptools is missing, which lets desynchronised requests through
    (both Content-Length and Transfer-Encoding)."""
    return uvicorn.Config(
        application,
        http=type("GatewayProtocol", (LimitedProtocol,), {"limits": limits}),
        interface="asgi3",  # it is none: our protocol calls it, and nothing may be put around it
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=max(1, int(drain_seconds)),
        backlog=4_096,
    )


async def serve(
    engine: Engine,
    listening: Listening,
    *,
    drain_seconds: float = 30.0,
    limits: WireLimits | None = None,
    pages: Pages | None = None,
    reload: Reload | None = None,
    ready: Callable[[], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve within `limits` until SIGTERM, SIGINT or `stop`. `pages` are for people, on the same port, and on that of the admin side where it has its own.

    Then stop listening, let calls in flight finish within `drain_seconds`, and return with every hold at its end or
    unknown.
    """
    allow_open_files()
    gateway = Gateway(engine, pages)
    main, apart = listening if isinstance(listening, tuple) else (listening, None)
    running = server(gateway, drain_seconds=drain_seconds, limits=limits or WireLimits(), apart=apart)
    engine.telemetry.start()
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(sweep(running.server_state.connections)), loop.create_task(engine.alerting.run())]
    tasks.append(loop.create_task(engine.auditing.run()))
    tasks.append(loop.create_task(sum_up_for_ever(engine.history)))
    tasks.append(loop.create_task(bereave_for_ever(engine.store.guards, engine.refresh_soon)))
    tasks.append(loop.create_task(keep_runs(engine)))
    if reload is not None:
        loop.add_signal_handler(signal.SIGHUP, lambda: tasks.append(loop.create_task(_reload(reload))))
    if ready is not None:
        tasks.append(loop.create_task(_when_started(running, ready)))
    if stop is not None:
        tasks.append(loop.create_task(_stop_when_told(running, stop)))
    tasks.append(loop.create_task(_say_draining(running, gateway)))
    _collect_rarely()
    try:
        with _signals_end_here():
            await running.serve(sockets=[main])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if reload is not None:
            loop.remove_signal_handler(signal.SIGHUP)


def _collect_rarely() -> None:
    """What is here now lives as long as the server: the collector need not look at it again. Calls leave no cycles behind,
    so it finds nothing; with Python's own threshold it looked all the same, for a tenth of the time that calls take."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])


def allow_open_files(wanted: int = 65_536) -> int:
    """Raise this process's limit of open files as far as it may, and return it: two for every call in flight, and many
    systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return soft


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening-ready socket. Raises OSError where the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    bound.set_inheritable(True)
    return bound


@contextmanager
def _signals_end_here() -> Iterator[None]:
    """When uvicorn has drained it raises the signal that stopped it again, which would end the process before its
    ledger is closed; within this block that does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _reload(reload: Reload) -> None:
    try:
        await reload()
    except FarthingError as error:  # a bad file changes nothing; whoever sent the signal reads the log
        log.error("reload failed; the old configuration stays: %s", error)  # noqa: TRY400 - expected: no traceback
    except Exception:
        log.exception("reload failed; the old configuration stays")
    else:
        log.info("configuration reloaded")


async def _when_started(running: uvicorn.Server, ready: Callable[[], None]) -> None:
    while not running.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    ready()


async def _stop_when_told(running: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    running.should_exit = True


async def _say_draining(running: uvicorn.Server, gateway: Gateway) -> None:
    while not running.should_exit:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.1)
    gateway.closing = True
    gateway.engine.approvals.close()
