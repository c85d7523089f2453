"""Twenty calls at once against a budget for four: exactly four are sent, however they run side by side."""

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

import farthing
from farthing.config.engine import wall_ms
from farthing.testing import SimulatedProvider, list_prices
from support.generations import environment
from support.maker_scenarios import CHAT
from support.sdk_child import in_fork
from support.sdk_world import LEAST_FOR_FOUR, anthropic_client, ask, openai_client, sdk

TWENTY = range(20)
CLIENTS = {"openai": openai_client, "anthropic": anthropic_client}


@pytest.fixture
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as running:
        yield running


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    said = {} if request.param == "memory" else {"store": str(tmp_path / "farthing.db")}
    with sdk(**said):
        yield request.param


def sent(client, **more):
    try:
        ask(client, **more)
    except farthing.BudgetExceeded:
        return False
    return True


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("maker", ["openai", "anthropic"])
def test_tasks(provider, store, maker, streamed):
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
    assert answered == 4 == len(provider.bill)
    assert run.spent.calls == 4


def test_tasks_against_money(provider, store):
    async def main():
        client = openai_client(provider, is_async=True)
        async with farthing.budget(LEAST_FOR_FOUR["openai"], wait="5s"):
            asked = [client.chat.completions.create(**CHAT) for _ in TWENTY]
            found = await asyncio.gather(*asked, return_exceptions=True)
        await client.close()
        return [each for each in found if isinstance(each, Exception)]

    refused = asyncio.run(main())
    assert len(refused) == 16
    assert all(isinstance(each, farthing.BudgetExceeded) for each in refused)
    assert len(provider.bill) == 4


def test_threads_with_a_copied_context(provider, store):
    client = openai_client(provider)
    with farthing.budget(calls=4), ThreadPoolExecutor(20) as pool:
        contexts = [contextvars.copy_context() for _ in TWENTY]
        found = list(pool.map(lambda context: context.run(sent, client), contexts))
    assert sum(found) == 4 == len(provider.bill)


def test_threads_with_a_bound_function(provider, store):
    client = openai_client(provider)
    with farthing.budget(calls=4) as run, ThreadPoolExecutor(20) as pool:
        found = list(pool.map(run.bind(lambda _: sent(client)), TWENTY))
    assert sum(found) == 4 == len(provider.bill)


def test_plain_threads_of_a_client_that_was_given_its_run(provider, store):
    with farthing.budget(calls=4) as run:
        bare = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="sk-test")
        client, found = farthing.wrap(bare, run=run), []
        threads = [threading.Thread(target=lambda: found.append(sent(client))) for _ in TWENTY]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(found) == 4 == len(provider.bill)


def test_plain_threads_have_no_budget_and_are_refused_where_that_is_asked(provider, store):
    bare = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="sk-test")
    client = farthing.wrap(bare, require_budget=True)

    def one(_):
        with pytest.raises(farthing.NoBudget):
            ask(client)

    with farthing.budget(calls=4), ThreadPoolExecutor(20) as pool:
        list(pool.map(one, TWENTY))
    assert not provider.requests


@pytest.mark.slow
def test_processes_that_were_started_in_the_run(provider, tmp_path):
    with sdk(store=str(tmp_path / "farthing.db")), farthing.budget(calls=4) as run:
        command = [sys.executable, "-W", "error", "-m", "support.sdk_child", provider.url]
        env = {**environment(), **run.environ}
        children = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        said = [child.communicate(timeout=90)[0].split() for child in children]
        assert [child.returncode for child in children] == [0] * 4
        assert run.spent.calls == 4
    assert sum(int(answered) for answered, _ in said) == 4 == len(provider.bill)


@pytest.mark.slow
def test_forked_processes(provider, tmp_path):
    with sdk(store=str(tmp_path / "farthing.db")), farthing.budget(calls=4) as run:
        children = [in_fork(provider.url) for _ in range(4)]
        answered = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert run.spent.calls == 4
    assert sum(answered) == 4 == len(provider.bill)


def test_a_fork_cannot_spend_what_is_in_its_parents_memory(provider):
    with sdk(), farthing.budget(calls=4):
        client = openai_client(provider)
        child = os.fork()
        if not child:
            code = 1
            try:
                ask(client)
            except farthing.Misused:
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not provider.requests


def test_a_run_that_was_joined_without_its_store_is_not_spent_from(provider, monkeypatch):
    with sdk(run="run-of-somebody"):
        client = farthing.wrap(openai.OpenAI(base_url="http://provider.invalid/v1", api_key="k"))
        with pytest.raises(farthing.Misused, match="FARTHING_STORE"):
            ask(client)
