"""Uses of tools at a gateway with keys, asked as a program elsewhere asks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from farthing.domain.ids import read
from support.admin import admin, bearer, refused
from support.gateway import RunningGateway, running_gateway, write_config

KEYS = """
[gateway]
unknown_after = "{unknown_after}"
[[budgets]]
name = "all"
limit = "1 USD"
[[budgets]]
name = "sales"
limit = "1 USD"
match = {{ team = "sales" }}
[[budgets]]
name = "bea"
limit = "1 USD"
match = {{ user = "bea" }}
[[keys]]
name = "a"
secret = "fk_a_secret_of_sixteen"
labels = {{ team = "a" }}
may_set = ["run", "step"]
rights = ["call", "runs"]
[[keys]]
name = "b"
secret = "fk_b_secret_of_sixteen"
labels = {{ team = "b" }}
may_set = ["run"]
rights = ["call", "runs"]
[[keys]]
name = "bound"
secret = "fk_bound_secret_of_sixteen"
labels = {{ run = "one" }}
rights = ["call", "runs"]
[[keys]]
name = "strict"
secret = "fk_strict_secret_of_sixteen"
may_set = ["run", "step"]
require = ["step"]
rights = ["call", "runs"]
[[keys]]
name = "caller"
secret = "fk_caller_secret_of_sixteen"
may_set = ["run"]
[[keys]]
name = "boss"
secret = "fk_boss_secret_of_sixteen"
rights = ["admin", "call"]
"""


@contextmanager
def tool_gateway(folder: Path, unknown_after: str = "10m") -> Iterator[RunningGateway]:
    """A gateway on the store of this folder; no provider is needed."""
    config = write_config(folder, "http://127.0.0.1:9", KEYS.format(unknown_after=unknown_after))
    with running_gateway(config) as gateway:
        yield gateway


def as_key(name: str) -> dict[str, str]:
    return bearer(f"fk_{name}_secret_of_sixteen")


def reserve(gateway: RunningGateway, once: str, *, key: str = "a", status: int = 201, **more: Any) -> Any:
    """Ask for the money of one use."""
    body = {"once": once, "run": "r1", "tool": "search", "most_usd": "0.1", **more}
    return admin(gateway, "POST", "/tool-uses", body, status=status, **as_key(key))


def end(gateway: RunningGateway, use: str, how: str, *, key: str = "a", status: int = 200, **body: Any) -> Any:
    """Bring it to its end."""
    return admin(gateway, "POST", f"/tool-uses/{use}/{how}", body, status=status, **as_key(key))


def no(gateway: RunningGateway, path: str, body: Any, status: int, field: str, key: str = "a") -> str:
    """The words of an error that must have this status and name this field."""
    return refused(gateway, "POST", f"/tool-uses{path}", body, status=status, field=field, **as_key(key))["message"]


def show(gateway: RunningGateway, use: str, key: str = "a") -> Any:
    return admin(gateway, "GET", f"/tool-uses/{use}", **as_key(key))


def until(gateway: RunningGateway, use: str, state: str) -> Any:
    """The use once it is in this state, within 20 seconds."""
    deadline = time.monotonic() + 20
    while (found := show(gateway, use))["state"] != state:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def record(gateway: RunningGateway, use: str) -> Any:
    gateway.flush()
    return gateway.engine.records.call(read("call", use))
