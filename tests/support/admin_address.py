"""A gateway whose admin side has an address of its own, on a second loopback address: to it, another machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from support.admin import KEYS
from support.gateway_process import GatewayProcess
from support.ports import free_port

APART = "127.0.0.2"
CONFIG = """
[providers.openai]
format = "openai"
base_url = "http://127.0.0.1:9/v1"
api_key = "nobody-listens-there"
[[budgets]]
name = "all"
limit = "1 USD"
[[keys]]
name = "prometheus"
secret = "a-metrics-secret-of-the-file"
rights = ["metrics"]
"""
METRICS = "a-metrics-secret-of-the-file"


class Both(NamedTuple):
    """Its two addresses."""

    process: GatewayProcess
    url: str
    """The admin side's."""

    @property
    def main(self) -> str:
        return self.process.url


def config(port: int, more: str = "") -> str:
    """A configuration with the admin side at this port; `more` goes into its table."""
    return f'{CONFIG}{KEYS}[admin]\nlisten = "{APART}:{port}"\n{more}'


@contextmanager
def gateway_with_admin_address(folder: Path, more: str = "") -> Iterator[Both]:
    """Runs until the block ends."""
    port = free_port(APART)
    (folder / "farthing.toml").write_text(config(port, more))
    with GatewayProcess(folder / "farthing.toml") as process:
        yield Both(process, f"http://{APART}:{port}")
