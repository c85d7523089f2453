"""Under trio: the makers' asynchronous clients, budgets, steps, tools and the agent, to the nano-dollar of what was billed."""

import gc
from decimal import Decimal

import openai
import pytest
import trio

import farthing
from farthing.testing import Reply, ToolCall
from support.maker_scenarios import CHAT, MESSAGES
from support.sdk_provider import billed, simulated
from support.sdk_world import LEAST_FOR_FOUR, anthropic_client, ask, openai_client, sdk

pytestmark = pytest.mark.filterwarnings(
    # the clients leave generators of their own to the collector, wrapped or not, and trio tells; of ours none may be told
    "ignore:Async generator '(openai|anthropic|httpx|httpcore):ResourceWarning"
)
CLIENTS = {"openai": openai_client, "anthropic": anthropic_client}


@pytest.fixture
def provider():
    with simulated() as running:
        yield running
        gc.collect()  # while the test's own filter of warnings holds


@pytest.fixture(params=["memory:", "file"])
def store(request, tmp_path):
    with sdk(store=str(tmp_path / "farthing.db") if request.param == "file" else request.param):
        yield


@pytest.fixture
def in_memory():
    with sdk(store="memory:"):
        yield


@pytest.fixture(params=sorted(CLIENTS))
def make(request):
    return CLIENTS[request.param]


def stream_of(client):
    create, asked = (
        (client.messages.create, MESSAGES) if hasattr(client, "messages") else (client.chat.completions.create, CHAT)
    )
    return create(**asked, stream=True)


@pytest.mark.usefixtures("store")
def test_calls_and_streams_in_nested_budgets_cost_what_was_billed(provider, make):
    async def main():
        client = make(provider, is_async=True)
        async with farthing.budget("$5") as run, farthing.budget("$1") as inner:
            await ask(client)
            with run.step("second"):
                async for _ in await stream_of(client):
                    pass
        await client.close()
        return run.spent.usd, inner.spent.usd, run.receipt.document.calls

    spent, inner, calls = trio.run(main)
    assert spent == inner == billed(provider) > 0
    assert calls == 2


@pytest.mark.usefixtures("in_memory")
def test_an_exhausted_budget_refuses_before_anything_is_sent(provider):
    async def main():
        client = openai_client(provider, is_async=True)
        async with farthing.budget("$0.000001"):
            with pytest.raises(farthing.BudgetExceeded) as refused:
                await ask(client)
        await client.close()
        return refused.value.code

    assert trio.run(main) == "budget_exceeded"
    assert not provider.requests


@pytest.mark.usefixtures("in_memory")
def test_calls_at_once_share_one_budget_and_overspend_nothing(provider):
    told = []

    async def one(client):
        try:
            await ask(client)
            told.append("paid")
        except farthing.BudgetExceeded:
            told.append("refused")

    async def main():
        client = openai_client(provider, is_async=True)
        async with farthing.budget(LEAST_FOR_FOUR["openai"]) as run:
            async with trio.open_nursery() as nursery:
                for _ in range(12):
                    nursery.start_soon(one, client)
            await client.close()
            return run.spent.usd, run.remaining.usd

    spent, left = trio.run(main)
    assert spent == billed(provider)
    assert left >= 0
    assert told.count("paid") == len(provider.requests) < 12


@pytest.mark.usefixtures("in_memory")
def test_a_stream_that_its_task_is_cancelled_in_is_accounted_for(provider):
    async def main():
        client = openai_client(provider, is_async=True)
        async with farthing.budget("$5") as run:
            provider.faults.push("latency:seconds=30")
            with trio.move_on_after(0.3) as scope:
                await ask(client)
            assert scope.cancelled_caught
            await ask(client)
            spent, left = run.spent.usd, run.remaining.usd
        await client.close()
        return spent, left

    spent, left = trio.run(main)
    assert spent + left == 5
    assert spent >= billed(provider)


@pytest.mark.usefixtures("in_memory")
def test_a_stream_that_its_user_drops_is_read_to_its_end(provider, make):
    async def main():
        client = make(provider, is_async=True)
        async with farthing.budget("$5") as run:
            stream = await stream_of(client)
            await anext(stream)
            await stream.close()
            while not provider.bill or run.spent.usd != billed(provider):
                await trio.sleep(0.005)
        await client.close()

    trio.run(within, 30, main)


async def within(seconds, work):
    with trio.fail_after(seconds):
        await work()


@pytest.mark.usefixtures("in_memory")
def test_a_run_of_trio_that_ends_in_the_midst_of_a_stream_leaves_no_money_free(provider):
    async def main():
        client = openai_client(provider, is_async=True)
        stream = await stream_of(client)
        await anext(stream)
        await stream.close()

    with farthing.budget("$5") as run:
        trio.run(main)
        assert run.remaining.usd < 5


@pytest.mark.usefixtures("store")
def test_a_block_that_is_cancelled_is_over(provider):
    async def main():
        client = openai_client(provider, is_async=True)
        with trio.CancelScope() as scope:
            async with farthing.budget("$5") as run:
                scope.cancel()
                await trio.sleep_forever()
        with pytest.raises(farthing.Refused, match="is over"):
            await run.bind(asks)(client)
        await client.close()

    async def asks(client):
        await ask(client)

    trio.run(main)
    assert not provider.requests


@pytest.mark.usefixtures("store")
def test_a_tool_that_costs_money_is_paid_for_and_one_that_is_cancelled_counts_as_spent():
    async def main():
        async with farthing.budget("$1") as run:

            @run.tool(cost="$0.01")
            async def search(word):
                await trio.sleep(0)
                return f"about {word}"

            @run.tool(cost="$0.02")
            async def waits():
                await trio.sleep_forever()

            assert await search("farthings") == "about farthings"
            with trio.move_on_after(0.2):
                await waits()
            return run.remaining.usd, run.tools["search"].calls, run.tools["waits"].failed

    left, searched, failed = trio.run(main)
    assert (left, searched, failed) == (Decimal("0.97"), 1, 1)


@pytest.mark.usefixtures("in_memory")
def test_the_agent_answers_with_asynchronous_tools(provider):
    provider.script.push(Reply(text="", tools=(ToolCall("search", {"word": "farthing"}),)), Reply(text="A coin."))

    async def search(word: str) -> str:
        """Look a word up."""
        await trio.sleep(0)
        return f"{word}: a quarter of a penny"

    async def main():
        client = openai.AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="any")
        async with farthing.budget("$1") as run:
            answer = await run.agent(client, "What is a farthing?", model="gpt-4o-mini", tools=[search])
        await client.close()
        return answer

    answer = trio.run(main)
    assert (answer.text, answer.why, answer.calls) == ("A coin.", "answered", 2)
