"""A gateway that loses patience soon, calls in three dialects, and what the ledger says of each: for tests of faults."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from farthing.config.engine import wall_ms
from farthing.testing import SimulatedProvider, list_prices
from support.gateway import RunningGateway, running_gateway
from support.simulated import ANTHROPIC, BODIES, OPENAI

CONFIG = """
[store]
url = "sqlite:///{folder}/farthing.db"

[providers.openai]
format = "openai"
base_url = "{provider}/v1"
api_key = "sk-provider-openai"
first_byte_timeout = "{patience}"
idle_timeout = "{patience}"
retries = 2

[providers.anthropic]
format = "anthropic"
base_url = "{provider}"
api_key = "sk-provider-anthropic"
first_byte_timeout = "{patience}"
idle_timeout = "{patience}"
retries = 2

{more}
"""
BUDGET = '[[budgets]]\nname = "all"\nlimit = "100 USD"\n'
PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "messages": "/v1/messages"}
CAPS = {"chat": "max_tokens", "responses": "max_output_tokens", "messages": "max_tokens"}
GATES = {"chat": "openai/gpt-4o-mini", "responses": "openai/gpt-4o-mini", "messages": "anthropic/claude-haiku-4-5"}
CAP = 120
DEADLINE_SECONDS = 20


class Seen(NamedTuple):
    """What a client got: `ended` is False where the answer was cut."""

    status: int
    headers: dict[str, str]
    text: str
    ended: bool


class Account(NamedTuple):
    """The ledger's side of one call, durably."""

    states: tuple[str, ...]
    """One for each attempt."""
    posted: int
    open: int
    """Held and unknown, on the budget."""
    attempts: tuple[Any, ...]
    call: Any


@contextmanager
def hasty_gateway(
    folder: Path, more: str = BUDGET, *, patience: str = "0.4s", **provider: Any
) -> Iterator[tuple[RunningGateway, SimulatedProvider]]:
    """Gateway and provider, wired together, with time-outs of `patience`."""
    provider.setdefault("prices", list_prices(wall_ms))
    with SimulatedProvider(**provider).in_thread() as simulated:
        config = folder / "farthing.toml"
        config.write_text(CONFIG.format(folder=folder, provider=simulated.url, patience=patience, more=more))
        with running_gateway(config) as gateway:
            yield gateway, simulated


def body_of(dialect: str, *, stream: bool, cap: int | None = CAP, **more: Any) -> dict[str, Any]:
    """A small request with a cap, in its dialect's own field."""
    named = {} if cap is None else {CAPS[dialect]: cap}
    body = BODIES[PATHS[dialect]](stream=stream, **more)
    return {**body, **named}


def headers_of(dialect: str) -> dict[str, str]:
    return ANTHROPIC if dialect == "messages" else OPENAI


def call(url: str, dialect: str, *, stream: bool, **more: Any) -> Seen:
    """One call on a connection of its own, read to wherever it ends."""
    pieces: list[bytes] = []
    with httpx2.Client(trust_env=False, timeout=60) as client:
        body = body_of(dialect, stream=stream, **more)
        with client.stream("POST", f"{url}{PATHS[dialect]}", json=body, headers=headers_of(dialect)) as answer:
            try:
                pieces.extend(answer.iter_raw())
                ended = True
            except httpx2.RemoteProtocolError:
                ended = False
            return Seen(answer.status_code, dict(answer.headers), b"".join(pieces).decode("utf-8", "replace"), ended)


def account_of(gateway: RunningGateway, seen: Seen, budget: str = "all") -> Account:
    """What became of a call that was answered."""
    record = gateway.record(seen.headers["x-farthing-call-id"])
    states = tuple(attempt.state for attempt in record.attempts)
    return Account(states, gateway.posted(budget), gateway.open(budget), record.attempts, record)


def eventually(true: Callable[[], bool], what: str) -> None:
    """Poll until it is true."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"it did not come to be: {what}"
        time.sleep(0.02)
