"""Twenty calls at once against a gateway's budget for four: exactly four are sent, however they run side by side, and the
provider, the gateway's ledger and the run agree on the money."""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import openai
import pytest

import farthing
from support.gateway import gateway_and_provider
from support.generations import environment
from support.maker_scenarios import CHAT, MESSAGES
from support.sdk_child import five_calls, in_fork, plain_call
from support.sdk_world import LEAST_FOR_FOUR, anthropic_client, ask, openai_client, sdk

KEYS = """
[[budgets]]
name = "four"
calls = 4
match = { run = "plain-openai" }
[[budgets]]
name = "four more"
calls = 4
match = { run = "plain-anthropic" }
[[keys]]
name = "agents"
secret = "fk_agents_secret"
labels = { team = "support" }
may_set = ["run", "run.1", "step"]
rights = ["call", "runs"]
"""
KEY = "fk_agents_secret"
TWENTY = range(20)
CLIENTS = {"openai": openai_client, "anthropic": anthropic_client}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("remote-parallel"), KEYS) as pair:
        yield pair


@pytest.fixture
def provider(world):
    gateway, provider = world
    provider.reset()
    with sdk(store=gateway.url, key=KEY):
        yield provider


def agree(world, run):
    """Four were sent, and all three who count say the same of them."""
    gateway, provider = world
    assert len(provider.bill) == 4
    gateway.flush()
    rows = gateway.engine.history.usage(by=("run",), since_ms=0, until_ms=2**53, where=(("run", run.name),))
    (row,) = rows
    assert (row.calls - row.refused, row.refused, row.attempts, row.open) == (4, 16, 4, 0)
    assert row.cost_nanos == sum(entry.nanos for entry in provider.bill)
    spent = run.spent
    assert spent.calls == 4
    assert spent.usd == Decimal(row.cost_nanos) / 10**9 > 0


def sent(client, **more):
    try:
        ask(client, **more)
    except farthing.BudgetExceeded:
        return False
    return True


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("maker", CLIENTS)
def test_tasks(world, provider, maker, streamed):
    async def one(client):
        try:
            answer = await ask(client, stream=streamed)
            if streamed:
                async for _ in answer:
                    pass
        except farthing.BudgetExceeded:
            return False
        return True

    async def main():
        client = CLIENTS[maker](provider, is_async=True)
        async with farthing.budget(calls=4) as run:
            found = await asyncio.gather(*(one(client) for _ in TWENTY))
        await client.close()
        return sum(found), run

    answered, run = asyncio.run(main())
    assert answered == 4
    agree(world, run)


@pytest.mark.parametrize("maker", CLIENTS)
def test_tasks_against_money(world, provider, maker):
    body = {"openai": CHAT, "anthropic": MESSAGES}[maker]

    async def main():
        client = CLIENTS[maker](provider, is_async=True)
        async with farthing.budget(LEAST_FOR_FOUR[maker], wait="5s") as run:
            create = client.chat.completions.create if maker == "openai" else client.messages.create
            found = await asyncio.gather(*(create(**body) for _ in TWENTY), return_exceptions=True)
        await client.close()
        return [each for each in found if isinstance(each, Exception)], run

    refused, run = asyncio.run(main())
    assert len(refused) == 16
    assert all(isinstance(each, farthing.BudgetExceeded) for each in refused)
    agree(world, run)


@pytest.mark.parametrize("maker", CLIENTS)
def test_threads_with_a_bound_function(world, provider, maker):
    client = CLIENTS[maker](provider)
    with farthing.budget(calls=4) as run, ThreadPoolExecutor(20) as pool:
        found = list(pool.map(run.bind(lambda _: sent(client)), TWENTY))
    assert sum(found) == 4
    agree(world, run)


def test_plain_threads_of_a_client_that_was_given_its_run(world, provider):
    with farthing.budget(calls=4) as run:
        bare = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="sk-test")
        client, found = farthing.wrap(bare, run=run), []
        threads = [threading.Thread(target=lambda: found.append(sent(client))) for _ in TWENTY]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(found) == 4
    agree(world, run)


@pytest.mark.slow
def test_processes_that_were_started_in_the_run(world, provider):
    with farthing.budget(calls=4) as run:
        command = [sys.executable, "-W", "error", "-m", "support.sdk_child", provider.url]
        env = {**environment(), **run.environ}
        children = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        said = [child.communicate(timeout=90)[0].split() for child in children]
        assert [child.returncode for child in children] == [0] * 4
        assert sum(int(answered) for answered, _ in said) == 4
    agree(world, run)


@pytest.mark.slow
def test_forked_processes(world, provider):
    with farthing.budget(calls=4) as run:
        children = [in_fork(provider.url) for _ in range(4)]
        answered = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert sum(answered) == 4
    agree(world, run)


@pytest.mark.slow
def test_spawned_processes_of_a_pool(world, provider, monkeypatch):
    with farthing.budget(calls=4) as run:
        for name, value in run.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
        with multiprocessing.get_context("spawn").Pool(4) as pool:
            said = pool.map(five_calls, [provider.url] * 4, chunksize=1)
            pool.close()
            pool.join()
    assert sum(answered for answered, _ in said) == 4
    agree(world, run)


@pytest.mark.slow
@pytest.mark.parametrize("maker", CLIENTS)
def test_twenty_processes_with_unmodified_clients(world, provider, maker):
    """The gateway's own door: nothing of ours runs in them."""
    gateway, _ = world
    context = multiprocessing.get_context("fork")
    with context.Pool(20) as pool:
        said = pool.starmap(plain_call, [(maker, gateway.url, KEY)] * 20, chunksize=1)
        pool.close()
        pool.join()
    assert sorted(said) == [200] * 4 + [402] * 16
    assert len(provider.bill) == 4
    gateway.flush()
    where = (("run", f"plain-{maker}"),)
    (row,) = gateway.engine.history.usage(by=("run",), since_ms=0, until_ms=2**53, where=where)
    assert (row.attempts, row.refused) == (4, 16)
    assert row.cost_nanos == sum(entry.nanos for entry in provider.bill)
