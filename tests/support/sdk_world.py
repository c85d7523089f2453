"""The SDK in a test: a store of its own, engines shut at the end, and clients of the simulated provider."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import anthropic
import openai

import farthing
from farthing.sdk.engine import close_engines
from support.maker_scenarios import CHAT, MESSAGES

VARIABLES = ("FARTHING_STORE", "FARTHING_RUN", "FARTHING_KEY", "FARTHING_CONFIG")
LEAST_FOR_FOUR = {"openai": "$0.00016", "anthropic": "$0.0013"}


@contextlib.contextmanager
def sdk(**said: str) -> Iterator[None]:
    """These variables and no others of ours; whatever runs at the end is shut."""
    before = {name: os.environ.pop(name, None) for name in VARIABLES}
    os.environ.update({f"FARTHING_{name.upper()}": value for name, value in said.items()})
    try:
        yield
    finally:
        close_engines()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def openai_client(provider, *, is_async=False, **more):
    """A client of OpenAI's, wrapped."""
    kind = openai.AsyncOpenAI if is_async else openai.OpenAI
    return farthing.wrap(kind(base_url=f"{provider.url}/v1", api_key="sk-test", **more))


def anthropic_client(provider, *, is_async=False, **more):
    """A client of Anthropic's, wrapped."""
    kind = anthropic.AsyncAnthropic if is_async else anthropic.Anthropic
    return farthing.wrap(kind(base_url=provider.url, api_key="sk-ant-test", **more))


def ask(client, **more):
    """One plain call, of either maker's client."""
    if hasattr(client, "messages"):
        return client.messages.create(**{**MESSAGES, **more})
    return client.chat.completions.create(**{**CHAT, **more})


def httpx_of(client) -> Any:
    """The httpx, of either generation, that a client's own HTTP is of."""
    packages = (kind.__module__.partition(".")[0] for kind in type(client._client).__mro__)
    return sys.modules[next(name for name in packages if name in ("httpx", "httpx2"))]
