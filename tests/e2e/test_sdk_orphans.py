"""A program that opened a budget is killed: whoever still calls in its name is refused, and it is on record why."""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import farthing
from farthing.config.engine import wall_ms
from farthing.sdk.beats import PROMISE_MS
from farthing.testing import SimulatedProvider, list_prices
from support.sdk_world import ask, openai_client, sdk

DEADLINE_SECONDS = 30
assert DEADLINE_SECONDS * 1_000 < PROMISE_MS, "no beat that is missed may be what these tests see"


@contextlib.contextmanager
def owner(store):
    """A program with an open budget on this store, and the name of its run. Killed at the end, where it is not before."""
    program = subprocess.Popen(
        [sys.executable, "-m", "support.sdk_owner"],
        env={"FARTHING_STORE": str(store), "PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""},
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        try:
            yield program, program.stdout.readline().strip()
        finally:
            program.kill()


def killed(program):
    program.kill()
    program.wait()


@pytest.fixture
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as running:
        yield running


def ask_on(client):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        ask(client)


def shown_by_the_command(store, run):
    command = [sys.executable, "-m", "farthing.cli", "runs", "show", run, "--json"]
    said = subprocess.run(
        command,
        env={"FARTHING_STORE": f"sqlite:///{store}", "PATH": ""},
        cwd=store.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(said.stdout)


def test_a_child_that_calls_on_is_refused_as_soon_as_its_parent_was_killed(tmp_path, provider):
    store = tmp_path / "farthing.db"
    with owner(store) as (program, run), sdk(store=str(store), run=run):
        client = openai_client(provider)
        assert ask(client).usage.total_tokens > 0
        killed(program)
        with pytest.raises(farthing.Refused, match="the program that opened it is gone") as refused:
            ask_on(client)
    assert refused.value.code == "run_orphaned"


def test_a_child_that_calls_for_the_first_time_after_that_is_refused_at_once(tmp_path, provider):
    store = tmp_path / "farthing.db"
    with owner(store) as (program, run), sdk(store=str(store), run=run):
        killed(program)
        with pytest.raises(farthing.Refused) as refused:
            ask(openai_client(provider))
    assert refused.value.code == "run_orphaned"
    assert not provider.requests


def test_the_command_shows_the_run_of_a_killed_program_as_an_orphan_with_nobody_else_there(tmp_path):
    store = tmp_path / "farthing.db"
    with owner(store) as (program, run):
        assert shown_by_the_command(store, run)["phase"] == "open"
        killed(program)
        assert shown_by_the_command(store, run)["phase"] == "orphaned"
