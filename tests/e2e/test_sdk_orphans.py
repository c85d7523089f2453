"""A program that opened a budget is killed: whoever still calls in its name is refused, and it is on record why."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

import farthing
from farthing.config.engine import wall_ms
from farthing.testing import SimulatedProvider, list_prices
from support.sdk_world import ask, openai_client, sdk

DEADLINE_SECONDS = 30


def owner(store):
    """A program with an open budget on this store, and the name of its run."""
    program = subprocess.Popen(
        [sys.executable, "-m", "support.sdk_owner"],
        env={"FARTHING_STORE": str(store), "PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""},
        stdout=subprocess.PIPE,
        text=True,
    )
    return program, program.stdout.readline().strip()


def ask_on(client):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        ask(client)


def test_a_child_whose_parent_was_killed_is_refused_as_an_orphan(tmp_path):
    store = tmp_path / "farthing.db"
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as provider:
        program, run = owner(store)
        with program, sdk(store=str(store), run=run):
            client = openai_client(provider)
            assert ask(client).usage.total_tokens > 0
            program.kill()
            program.wait()
            with pytest.raises(farthing.Refused, match="heartbeat") as refused:
                ask_on(client)
        assert refused.value.code == "run_orphaned"
