"""What the tests of clients share: a gateway before all three makers, who is installed, and the rows of the matrix."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from farthing.config.engine import wall_ms
from farthing.gateway import routes
from farthing.testing import SimulatedProvider, list_prices
from support.clients import MATRIX, Client
from support.front import Arrival, Front, front_of
from support.gateway import RunningGateway, running_gateway, write_config
from support.working_model import working_model

ENOUGH = '[[budgets]]\nname = "all"\nlimit = "50 USD"\n'
BROKE = '[[budgets]]\nname = "all"\nlimit = "0.0000001 USD"\n'
OURS = "The budget 'all' cannot pay for this call"
"""How our words begin, at the end of that budget."""
_GEMINI = '[providers.gemini]\nformat = "gemini"\nbase_url = "{url}"\napi_key = "provider-gemini"\n'
_FREE = ("/v1/messages/count_tokens", ":countTokens")


class Scene(NamedTuple):
    """A gateway, the provider behind it, and the door where requests are counted."""

    gateway: RunningGateway
    provider: SimulatedProvider
    front: Front

    @property
    def asked(self) -> list[Arrival]:
        """The requests to models, tries again included."""
        return [each for each in self.front.arrived if each.method == "POST" and not _path(each).endswith(_FREE)]

    def reset(self) -> None:
        self.provider.reset()
        self.front.arrived.clear()


@contextmanager
def scene(folder: Path, budget: str) -> Iterator[Scene]:
    """All three makers, simulated, behind a gateway with this budget."""
    provider = SimulatedProvider(prices=list_prices(wall_ms), script=working_model)
    with provider.in_thread():
        config = write_config(folder, provider.url, _GEMINI.format(url=provider.url) + budget)
        with running_gateway(config) as gateway, front_of(gateway.port) as front:
            yield Scene(gateway, provider, front)


def installed(client: Client) -> str:
    """Its version. Skips the test where it is not installed, or where the gateway does not speak its dialect."""
    if client.gemini and not any("gemini" in name.lower() for name in vars(routes)):
        pytest.skip(f"the gateway has no Gemini routes, so {client.name} is NOT tested")
    version = client.version()
    if not version and MATRIX in os.environ:
        pytest.fail(f"{client.name} is not installed")
    if not version:
        pytest.skip(f"{client.name} is NOT tested: `make test-clients` installs and runs it")
    return version


def noted(client: Client, **found: object) -> None:
    """Keep what was found of a client for the matrix, where one is made."""
    if MATRIX in os.environ:
        with open(os.environ[MATRIX], "a", encoding="utf-8") as file:
            file.write(json.dumps({"client": client.name, **found}) + "\n")


def _path(arrival: Arrival) -> str:
    return arrival.path.partition("?")[0]
