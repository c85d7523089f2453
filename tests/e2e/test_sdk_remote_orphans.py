"""Programs whose budget a gateway counts: they beat while they live, and what calls on in the name of the dead is refused."""

import asyncio
import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

import farthing
from farthing.config.engine import wall_ms
from farthing.sdk import remote_beats
from farthing.testing import SimulatedProvider, list_prices
from support.gateway import running_gateway, write_config
from support.sdk_world import ask, openai_client, sdk

DEADLINE_SECONDS = 30
PROMISE_SECONDS = 1
KEYS = """
[[keys]]
name = "agents"
secret = "fk_agents_secret"
may_set = ["run", "run.1"]
max_values = 2
rights = ["call", "runs"]
"""
KEY = "fk_agents_secret"


class Clock:
    """The gateway's time, ahead of the world's by as much as a test says."""

    ahead_ms = 0

    def __call__(self):
        return wall_ms() + self.ahead_ms


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def world(tmp_path_factory, clock):
    folder = tmp_path_factory.mktemp("orphans")
    with (
        SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as provider,
        running_gateway(write_config(folder, provider.url, KEYS), clock=clock) as gateway,
    ):
        yield gateway, provider


@contextlib.contextmanager
def owner(gateway):
    """A program with an open budget, and the name of its run. Killed at the end, where it is not over before."""
    program = subprocess.Popen(
        [sys.executable, "-m", "support.sdk_owner", str(PROMISE_SECONDS)],
        env={
            "FARTHING_STORE": gateway.url,
            "FARTHING_KEY": KEY,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "PATH": "",
        },
        stdin=subprocess.PIPE,
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


def ask_on(client):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        ask(client)


def test_a_child_that_calls_on_is_refused_when_its_parent_was_killed(world):
    gateway, provider = world
    with owner(gateway) as (program, run), sdk(store=gateway.url, key=KEY, run=run):
        client = openai_client(provider)
        assert ask(client).usage.total_tokens > 0
        killed(program)
        with pytest.raises(farthing.Refused, match="heartbeat") as refused:
            ask_on(client)
        assert refused.value.code == "run_orphaned"
        before = len(provider.requests)
        with farthing.budget("$0.5") as inner, pytest.raises(farthing.ToolRefused) as unbought:
            inner.tool(cost="$0.01")(lambda: pytest.fail("it ran"))()
        assert unbought.value.code == "run_orphaned"
        assert len(provider.requests) == before


def test_a_child_is_refused_when_its_parent_has_left_its_block(world):
    gateway, provider = world
    with owner(gateway) as (program, run), sdk(store=gateway.url, key=KEY, run=run):
        client = openai_client(provider)
        assert ask(client).usage.total_tokens > 0
        program.stdin.close()
        assert program.wait(DEADLINE_SECONDS) == 0
        with pytest.raises(farthing.Refused) as refused:
            ask(client)
    assert refused.value.code == "run_ended"


def test_a_program_that_lives_beats_and_is_no_orphan(world, monkeypatch):
    gateway, provider = world
    monkeypatch.setattr(remote_beats, "PROMISE_SECONDS", PROMISE_SECONDS)
    with sdk(store=gateway.url, key=KEY), farthing.budget("$1") as run:
        beats = set()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(beats) < 3 and time.monotonic() < deadline:
            beats.add(gateway.engine.guards.runs.get(run.name).beat_ms)
            time.sleep(0.01)
        assert len(beats) == 3
        assert ask(openai_client(provider)).usage.total_tokens > 0


def test_a_service_that_crashes_again_and_again_goes_on(world, clock):
    gateway, provider = world
    for _ in range(3):
        with owner(gateway) as (program, run):
            assert run, "its key has as many budgets as it may, and the dead have given up theirs"
            killed(program)
        clock.ahead_ms += 60_000
    with sdk(store=gateway.url, key=KEY), farthing.budget("$1", calls=1) as run:
        ask(openai_client(provider))
        with pytest.raises(farthing.BudgetExceeded):
            ask(openai_client(provider))
        assert run.spent.calls == 1


def test_a_block_that_was_cancelled_before_it_began_leaves_nothing_open(world):
    gateway, _ = world

    async def main():
        run = farthing.budget("$1")
        entering = asyncio.create_task(run.__aenter__())
        await asyncio.sleep(0)
        entering.cancel()
        await asyncio.gather(entering, return_exceptions=True)
        assert entering.cancelled()
        return run.name

    with sdk(store=gateway.url, key=KEY):
        run = asyncio.run(main())
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (known := gateway.engine.guards.runs.get(run)) is None or known.ended_ms is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not remote_beats.beats_of(gateway.url)._runs
    assert run not in {dict(each.match).get("run") for each in gateway.engine.directory.load().budgets}
