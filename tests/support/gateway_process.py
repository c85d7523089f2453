"""Gateways as processes of their own, `farthing serve` as people run it, so that they can be killed and share one file."""

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from support.ports import free_port

START_SECONDS = 30
_SERVE = "from farthing.cli.main import main; main()"


class GatewayProcess:
    """One `farthing serve`. `start` returns when `/readyz` says yes."""

    def __init__(self, config: Path, port: int = 0) -> None:
        self.config = config
        self.port = port or free_port()
        self.ready_seconds = 0.0
        """From the process's birth to its first 200 from `/readyz`, the interpreter's own start included."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "GatewayProcess":
        command = [
            sys.executable,
            "-c",
            _SERVE,
            "serve",
            "--config",
            str(self.config),
            "--port",
            str(self.port),
            "--quiet",
        ]
        born = time.monotonic()
        with (self.config.parent / f"gateway-{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.config.parent)
        with httpx2.Client(trust_env=False) as client:
            while not self._is_ready(client):
                assert self._process.poll() is None, "the gateway ended at its start; see its log"
                assert time.monotonic() < born + START_SECONDS, "the gateway did not become ready"
                time.sleep(0.005)
        self.ready_seconds = time.monotonic() - born
        return self

    def kill(self) -> None:
        """SIGKILL; returns at once."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)

    def gone(self) -> None:
        """Wait until the killed process is no more."""
        assert self._process is not None
        self._process.wait(START_SECONDS)

    def stop(self) -> int:
        """SIGTERM, and wait: the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
        return self._process.wait(START_SECONDS)

    def __enter__(self) -> "GatewayProcess":
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
            self.gone()

    def _is_ready(self, client: httpx2.Client) -> bool:
        try:
            return client.get(f"{self.url}/readyz").status_code == 200
        except httpx2.TransportError:
            return False


class Row(NamedTuple):
    """One attempt in the file. `amount` is what it holds of, or has posted to, the budget."""

    attempt: int
    cap: int
    state: str
    cost_nanos: int | None
    amount: int


_STATES = ("held", "unknown", "settled", "void")


class LedgerFile:
    """The ledger's file, read by somebody else: what is durable, and nothing that a process remembers."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)

    def __enter__(self) -> "LedgerFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def rows(self, after: int = 0) -> list[Row]:
        """Attempts with ids above `after`, and what each holds or has posted of the first account it touched."""
        found = self.connection.execute(
            "SELECT id, cap, state, cost_nanos, coalesce(json_extract(posted, '$[0]'), json_extract(charges, '$[0][1]'), 0)"
            " FROM attempt WHERE id > ?",
            (after,),
        )
        return [Row(attempt, cap, _STATES[state], cost, amount) for attempt, cap, state, cost, amount in found]

    def standing(self, budget: str = "all") -> tuple[int, int, int]:
        """Posted, held and unknown of the budget's money accounts."""
        found: tuple[Any, ...] = self.connection.execute(
            "SELECT coalesce(sum(posted), 0), coalesce(sum(held), 0), coalesce(sum(unknown), 0) FROM account"
            " WHERE budget = ? AND unit = 'usd'",
            (budget,),
        ).fetchone()
        return found[0], found[1], found[2]

    def everything(self) -> tuple[list[Any], list[Any]]:
        """All accounts and attempts but for what tells processes apart: to compare before and after."""
        accounts = self.connection.execute(
            "SELECT budget, value, unit, window, posted, held, unknown FROM account ORDER BY id"
        )
        attempts = self.connection.execute(
            "SELECT id, state, charges, posted, due_ms, seen, cost_nanos, source FROM attempt ORDER BY id"
        )
        return accounts.fetchall(), attempts.fetchall()
