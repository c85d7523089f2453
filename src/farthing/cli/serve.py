"""`farthing serve`: the gateway, until it is told to stop."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click
import uvloop

from farthing.cli.banner import banner
from farthing.cli.commands import BAD_CONFIG, UNAVAILABLE, Said
from farthing.cli.options import config_file, store_url
from farthing.config.build import build, reload, shut
from farthing.config.checks import LOOPBACK
from farthing.config.engine import Engine
from farthing.config.load import load
from farthing.config.settings import Settings
from farthing.dashboard.door import Dashboard
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
    host, port = listening.getsockname()[:2]
    try:
        engine = await build(settings)
    except BaseException:
        listening.close()
        raise
    try:
        _refuse_strangers(engine, host)
        stored = await asyncio.to_thread(engine.directory.load)
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

        async def read_again() -> None:
            fresh = await asyncio.to_thread(read)
            await reload(engine, fresh)
            for warning in fresh.warnings:
                log.warning("%s", warning)

        def ready() -> None:
            click.echo(f"farthing on {url}" if quiet else banner(engine, url, stored))

        await serve_engine(
            engine,
            listening,
            drain_seconds=gateway.drain_seconds,
            limits=WireLimits(connections=gateway.concurrency),
            pages=Dashboard(engine),
            reload=read_again,
            ready=ready,
        )
    finally:
        listening.close()
        await shut(engine)


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
