"""Runs `async def` tests on a loop of their own, against the pool on both event loops and against aiohttp."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from farthing.ports.upstream import Upstream
from farthing.providers.forward import AiohttpUpstream
from farthing.providers.limits import Limits, Timeouts
from farthing.providers.pool import Pool

KINDS = {
    "pool": (Pool, uvloop.new_event_loop),
    "pool-asyncio": (Pool, asyncio.new_event_loop),
    "aiohttp": (AiohttpUpstream, uvloop.new_event_loop),
}

QUICK = Timeouts(wait_seconds=5, connect_seconds=5, write_seconds=10, first_byte_seconds=10, idle_seconds=10)
"""Longer than any test waits on purpose; shorter than the patience of whoever runs them."""


class Clients:
    """Makes upstreams for one test and closes them after it. Called with any of their options."""

    def __init__(self, make: Callable[..., Upstream]) -> None:
        self.make = make
        self.made: list[Upstream] = []

    def __call__(self, *, limits: Limits | None = None, timeouts: Timeouts = QUICK, **options: Any) -> Any:
        upstream = self.make(limits=limits, timeouts=timeouts, **options)
        self.made.append(upstream)
        return upstream


@pytest.fixture(params=["pool", "pool-asyncio"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which implementation on which loop; the contract's tests widen it to aiohttp."""
    return request.param


@pytest.fixture
def clients(kind: str) -> Clients:
    return Clients(KINDS[kind][0])


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    values = pyfuncitem.funcargs
    arguments = {name: values[name] for name in pyfuncitem._fixtureinfo.argnames}
    clients = values.get("clients")

    async def main() -> None:
        try:
            await test(**arguments)
        finally:
            for upstream in clients.made if clients else ():
                await upstream.close()

    with asyncio.Runner(loop_factory=KINDS[values.get("kind", "pool")][1]) as runner:
        runner.run(main())
    return True
