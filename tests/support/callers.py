"""Callers of a gateway before a provider with its own bill: one request each, many in the same moment, and both accounts.

For tests that hold the ledger against what the provider really charged.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from farthing.config.engine import wall_ms
from farthing.domain.money import usd
from farthing.testing import Reply, SimulatedProvider, list_prices
from support.gateway import RunningGateway, running_gateway, write_config
from support.hasty import CAP, PATHS, body_of, eventually, headers_of
from support.simulated import post

T = TypeVar("T")
ROUTES = {**PATHS, "embeddings": "/v1/embeddings"}


@contextmanager
def provider_of(**more: Any) -> Iterator[SimulatedProvider]:
    """A provider whose every answer is as long as its cap allows, unless told otherwise."""
    more.setdefault("prices", list_prices(wall_ms))
    more.setdefault("script", lambda prompt: Reply(tokens=CAP))
    with SimulatedProvider(**more).in_thread() as provider:
        yield provider


@contextmanager
def gateway_before(
    provider: SimulatedProvider, folder: Path, more: str, clock: Callable[[], int] = wall_ms
) -> Iterator[RunningGateway]:
    """A gateway with this configuration in front of it."""
    folder.mkdir(exist_ok=True)
    with running_gateway(write_config(folder, provider.url, more), clock=clock) as gateway:
        yield gateway


def cost_of(provider: SimulatedProvider, dialect: str = "chat", **body: Any) -> int:
    """What the provider charges for one such call, in nano-dollars: asked directly, then forgotten."""
    post(provider, ROUTES[dialect], request_of(dialect, **body))
    nanos = provider.bill.nanos
    provider.reset()
    assert nanos > 0
    return nanos


def request_of(dialect: str, *, stream: bool = False, **body: Any) -> dict[str, Any]:
    """A small request with a cap; embeddings have neither cap nor stream."""
    if dialect == "embeddings":
        return {"model": "text-embedding-3-small", "input": "word " * 50, **body}
    return body_of(dialect, stream=stream, **body)


def send(
    url: str,
    dialect: str = "chat",
    *,
    key: str = "",
    labels: str = "",
    headers: dict[str, str] | None = None,
    **body: Any,
) -> httpx2.Response:
    """One call on a connection of its own, read to its end."""
    said = {**headers_of(dialect), **(headers or {})}
    if key:
        said.pop("x-api-key", None)
        said["authorization"] = f"Bearer {key}"
    if labels:
        said["x-farthing-labels"] = labels
    with httpx2.Client(trust_env=False, timeout=60) as client:
        return client.post(f"{url}{ROUTES[dialect]}", json=request_of(dialect, **body), headers=said)


def at_once(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """What these return, each run in a thread, all from the same moment on. An exception of one is raised here."""
    ready = threading.Barrier(len(tasks))

    def begin(task: Callable[[], T]) -> T:
        ready.wait(60)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        begun = [pool.submit(begin, task) for task in tasks]
    return [each.result() for each in begun]


def money(name: str, nanos: int, **more: str) -> str:
    """A budget of so much, as the file writes it; `more` are its other settings, as they stand in the file."""
    settings = "".join(f"{field} = {value}\n" for field, value in more.items())
    return f'[[budgets]]\nname = "{name}"\nlimit = "{usd(nanos)} USD"\n{settings}'


def refused_by(answer: httpx2.Response) -> dict[str, Any]:
    """The figures of a refusal, in either maker's form."""
    assert answer.status_code == 402, answer.text
    body = answer.json()
    figures: dict[str, Any] = body.get("farthing") or body["error"]["farthing"]
    return figures


def held(gateway: RunningGateway) -> int:
    """Held by calls under way, on all budgets."""
    gateway.flush()
    return sum(standing.held for standing in gateway.engine.records.accounts())


def settled(gateway: RunningGateway, provider: SimulatedProvider, budget: str) -> tuple[int, int]:
    """Posted on the budget, and billed, once nothing is under way any more."""
    eventually(
        lambda: all(entry.outcome != "running" for entry in provider.bill) and held(gateway) == 0, "all has ended"
    )
    return gateway.posted(budget), provider.bill.nanos
