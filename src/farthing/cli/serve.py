"""`farthing serve`: the gateway, until it is told to stop."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click
import uvloop

from farthing.cli.banner import banner
from farthing.cli.commands import BAD_CONFIG, UNAVAILABLE, Said
from farthing.cli.options import config_file, store_url
from farthing.config.admin_settings import split
from farthing.config.build import build, reload, shut
from farthing.config.checks import LOOPBACK
from farthing.config.engine import Engine
from farthing.config.load import load
from farthing.config.settings import Settings
from farthing.dashboard.door import Dashboard
from farthing.gateway.admin.access import RIGHT
from farthing.gateway.limits import WireLimits
from farthing.gateway.serve import listen
from farthing.gateway.serve import serve as serve_engine

log = logging.getLogger("farthing.gateway")


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="FARTHING_CONFIG",
    help="The configuration; ./farthing.toml where there is one, else the environment.",
)
@click.option("--host", help="Where to listen; 127.0.0.1 if not given. Another address needs keys.")
@click.option("--port", type=int, help="4141 if not given; 0 takes a free one.")
@click.option("--store", help="The store's file, instead of the one the configuration names.")
@click.option("--quiet", is_flag=True, help="No banner.")
def serve(config: Path | None, host: str | None, port: int | None, store: str | None, quiet: bool) -> None:
    """Run the gateway.

    SIGTERM (or Ctrl-C) stops it after the calls in flight; SIGHUP reads the configuration again, and a file with a
    mistake changes nothing. The log goes to stderr.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    flags = {"gateway.host": host, "gateway.port": port, "store.url": store_url(store)}

    def read() -> Settings:
        return load(config_file(config), os.environ, flags)

    uvloop.run(_serve(read(), read, quiet=quiet))


async def _serve(settings: Settings, read: Callable[[], Settings], *, quiet: bool) -> None:
    gateway = settings.gateway
    try:
        listening = listen(gateway.host, gateway.port)
    except OSError as error:
        _cannot_listen(gateway.host, gateway.port, error)
    apart = None
    try:
        apart = _listen_apart(settings)
        engine = await build(settings)
    except BaseException:
        listening.close()
        if apart is not None:
            apart.close()
        raise
    try:
        _refuse_strangers(engine, listening.getsockname()[0])
        stored = await asyncio.to_thread(engine.directory.load)
        url = _url(listening)
        if apart is not None:
            _need_administrator(engine)

        async def read_again() -> None:
            fresh = await asyncio.to_thread(read)
            await reload(engine, fresh)
            if fresh.admin.listen != settings.admin.listen:
                log.warning("[admin] listen is read at the start only: it stays %r", settings.admin.listen)
            for warning in fresh.warnings:
                log.warning("%s", warning)

        def ready() -> None:
            places = (url,) if apart is None else (url, _url(apart))
            click.echo(f"farthing on {' and '.join(places)}" if quiet else banner(engine, url, stored, places))

        await serve_engine(
            engine,
            listening if apart is None else (listening, apart),
            drain_seconds=gateway.drain_seconds,
            limits=WireLimits(connections=gateway.concurrency),
            pages=Dashboard(engine),
            reload=read_again,
            ready=ready,
        )
    finally:
        listening.close()
        if apart is not None:
            apart.close()
        await shut(engine)


def _listen_apart(settings: Settings) -> socket.socket | None:
    """The socket of `[admin] listen`. Raises Said."""
    if not settings.admin.listen:
        return None
    host, port = split(settings.admin.listen)
    try:
        return listen(host, port)
    except OSError as error:
        raise Said(
            f"the admin side cannot listen on {settings.admin.listen} ({error.strerror}); "
            "change [admin] listen, or leave it out",
            UNAVAILABLE,
        ) from error


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _need_administrator(engine: Engine) -> None:
    """Who can be reached from elsewhere must know whom to let in."""
    if not any(RIGHT in key.rights and key.digest for key in engine.keys.values()):
        raise Said(
            f"[admin] listen = {engine.settings.admin.listen!r} is for keys, and none has the right `admin`: make one "
            "with `farthing keys new NAME --right admin`, or leave listen out",
            BAD_CONFIG,
        )


def _refuse_strangers(engine: Engine, host: str) -> None:
    """Without keys whoever reaches the gateway may spend: then only this machine may reach it."""
    if host not in LOOPBACK and not engine.keys:
        raise Said(
            f"{host} can be reached from other machines, and there are no keys: make one with `farthing keys new NAME`, "
            "or leave out --host to listen on 127.0.0.1",
            BAD_CONFIG,
        )


def _cannot_listen(host: str, port: int, error: OSError) -> NoReturn:
    raise Said(
        f"cannot listen on {host}:{port} ({error.strerror}); another gateway may be running: "
        f"stop it, or choose another with --port",
        UNAVAILABLE,
    ) from error
