"""A tool that ran and failed, or whose program died, may have cost its price: whatever the policy, it is never free."""

import subprocess
import sys
import time

import pytest

import farthing
from support.gateway import running_gateway, write_config
from support.generations import environment
from support.sdk_world import sdk

CENTS = 30
PRICE_NANOS = CENTS * 10_000_000
POLICIES = {
    "the hold": 'unknown = "charge_hold"',
    "what was seen": 'unknown = "charge_seen"',
    "what was seen, as hard is off": 'hard = "off"',
}
CONFIG = """
[gateway]
unknown_after = "1s"
[[budgets]]
name = "all"
limit = "1 USD"
{policy}
"""
DEADLINE_SECONDS = 30


@pytest.fixture(params=POLICIES)
def config(request, tmp_path):
    return write_config(tmp_path, "http://127.0.0.1:9", CONFIG.format(policy=POLICIES[request.param]))


@pytest.fixture(params=["gateway", "in process"])
def door(request, config):
    """Where the money is, and what it is there: the same budgets at both doors."""
    with running_gateway(config) as gateway:
        if request.param == "gateway":
            said = {"store": gateway.url}
        else:
            said = {"store": str(config.parent / "farthing.db"), "config": str(config)}
        with sdk(**said):
            yield gateway


def charged(gateway):
    """Posted for good, once nothing is open any more."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (open_nanos := gateway.open("all")) or not gateway.posted("all"):
        assert time.monotonic() < deadline, f"still {open_nanos} open, {gateway.posted('all')} posted"
        time.sleep(0.02)
    return gateway.posted("all")


def test_a_tool_that_failed_costs_its_price(door):
    with farthing.budget("$1") as run:

        @run.tool(cost=f"$0.{CENTS}")
        def buy() -> None:
            raise OSError("connection lost")

        with pytest.raises(OSError, match="connection lost"):
            buy()
    assert charged(door) == PRICE_NANOS


def test_a_tool_whose_cost_nobody_could_say_costs_the_most_it_may(door):
    with farthing.budget("$1") as run:

        @run.tool(cost=lambda result: result["cost"], most=f"$0.{CENTS}")
        def buy() -> dict[str, str]:
            return {}

        with pytest.raises(KeyError):
            buy()
    assert charged(door) == PRICE_NANOS


@pytest.mark.slow
def test_a_tool_whose_program_died_costs_its_price(door):
    command = [sys.executable, "-m", "support.sdk_child", "dies", "1"]
    dead = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, timeout=90, check=False)
    assert dead.returncode == 9
    assert charged(door) == PRICE_NANOS
