"""The ways to call that the makers' clients offer beside `create`: helpers, tool runners, raw answers, and what goes wrong."""

import asyncio
import contextlib
import gc
import time

import anthropic
import openai
import pytest
from pydantic import BaseModel

import farthing
from farthing.config.engine import wall_ms
from farthing.testing import SimulatedProvider, agent, list_prices
from support.maker_scenarios import CHAT, MESSAGES, RESPONSES
from support.sdk_provider import billed
from support.sdk_world import anthropic_client, ask, openai_client, sdk

CLIENTS = {"openai": openai_client, "anthropic": anthropic_client}
BOTH = pytest.mark.parametrize("maker", sorted(CLIENTS))
EITHER = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
TROUBLE = (openai.APIError, anthropic.APIError)


@pytest.fixture
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms), script=agent).in_thread() as running, sdk():
        yield running


class Order(BaseModel):
    order_id: str


def consume(stream):
    with stream as events:
        for _ in events:
            continue


async def consume_async(stream):
    async with stream as events:
        async for _ in events:
            continue


WAYS = {
    "openai": {
        "chat.completions.parse": ({**CHAT, "max_tokens": 400, "response_format": Order}, "plain"),
        "chat.completions.stream": (CHAT | {"max_tokens": 4_000}, "stream"),
        "chat.completions.with_raw_response.create": (CHAT, "plain"),
        "chat.completions.with_streaming_response.create": (CHAT, "stream"),
        "responses.parse": ({**RESPONSES, "max_output_tokens": 400, "text_format": Order}, "plain"),
        "responses.stream": (RESPONSES, "stream"),
        "responses.with_raw_response.create": (RESPONSES, "plain"),
        "beta.responses.create": (RESPONSES, "plain"),
        "embeddings.with_raw_response.create": ({"model": "text-embedding-3-small", "input": "one"}, "plain"),
    },
    "anthropic": {
        "messages.parse": ({**MESSAGES, "model": "claude-sonnet-4-6", "max_tokens": 400, "output_format": Order}, "plain"),
        "messages.stream": (MESSAGES, "stream"),
        "beta.messages.create": (MESSAGES, "plain"),
        "beta.messages.stream": (MESSAGES, "stream"),
        "messages.with_raw_response.create": (MESSAGES, "plain"),
        "messages.with_streaming_response.create": (MESSAGES, "stream"),
    },
}  # fmt: skip


async def go(client, path, arguments, kind, is_async):
    for name in path.split("."):
        client = getattr(client, name)
    made = client(**arguments)
    if kind == "plain":
        return await made if is_async else made
    if is_async:
        return await (consume_async(made) if "raw" not in path and "streaming_response" not in path else entered(made))
    if "streaming_response" in path:
        with made as answer:
            return answer.read()
    return consume(made)


async def entered(made):
    async with made as answer:
        return await answer.read()


@EITHER
@pytest.mark.parametrize(("maker", "path"), [(maker, path) for maker, ways in WAYS.items() for path in ways])
def test_every_way_of_calling_is_counted_and_at_the_end_refused_before_it_is_sent(provider, maker, path, is_async):
    arguments, kind = WAYS[maker][path]

    async def main(client):
        for last in (False, True):
            if last:
                with pytest.raises(farthing.BudgetExceeded):
                    await go(client, path, arguments, kind, is_async)
            else:
                with contextlib.suppress(ValueError):  # the simulated model's words need not be an order
                    await go(client, path, arguments, kind, is_async)
        if is_async:
            await client.close()

    with farthing.budget("$5", calls=1) as run:
        asyncio.run(main(CLIENTS[maker](provider, is_async=is_async)))
        assert run.spent.usd == billed(provider) > 0
        assert len(provider.bill) == 1


@anthropic.beta_tool
def get_order(order_id: str) -> str:
    """Where an order is.

    Args:
        order_id: The order.
    """
    return f"{order_id} is on its way"


def test_a_tool_runner_pays_for_every_round_and_stops_at_the_end_of_its_budget(provider):
    client = anthropic_client(provider)
    with farthing.budget("$1") as run:
        said = client.beta.messages.tool_runner(**MESSAGES, tools=[get_order]).until_done()
        assert said.stop_reason == "end_turn"
        assert run.spent.calls == len(provider.bill) == 2
        assert run.spent.usd == billed(provider)
    first, second = provider.bill
    assert second.usage.input_tokens > first.usage.input_tokens, "what is kept there is read again"
    provider.reset()
    with farthing.budget(calls=1), pytest.raises(farthing.BudgetExceeded):
        client.beta.messages.tool_runner(**MESSAGES, tools=[get_order]).until_done()
    assert len(provider.bill) == 1


@BOTH
@EITHER
@pytest.mark.parametrize("retries", [0, 5])
@pytest.mark.parametrize(
    ("fault", "nothing_owed"), [("429:retry_after=0", True), ("error:status=500,billed=true", False)]
)
def test_each_of_the_clients_own_attempts_has_a_hold_of_its_own(
    provider, maker, is_async, retries, fault, nothing_owed
):
    provider.faults.push(*[fault] * 3)

    async def main():
        client = CLIENTS[maker](provider, is_async=is_async, max_retries=retries)
        if retries:
            answer = ask(client)
            await answer if is_async else answer
        else:
            with pytest.raises(TROUBLE):
                await ask(client) if is_async else ask(client)
        if is_async:
            await client.close()

    with farthing.budget("$5") as run:
        asyncio.run(main())
        document, left = run.receipt.document, run.remaining.usd
    attempts = 4 if retries else 1
    assert document.calls == attempts == len(provider.requests)
    assert document.open == (0 if nothing_owed else min(attempts, 3))
    assert 5 - left >= billed(provider)
    if nothing_owed:
        assert run.spent.usd == billed(provider)


@BOTH
def test_tries_again_end_where_the_budget_does(provider, maker):
    """What a failed attempt may have cost stays set aside, so the next try is refused, and no third one is made."""
    provider.faults.push(*["error:status=500,billed=true"] * 5)
    with farthing.budget(calls=1), pytest.raises(farthing.BudgetExceeded):
        ask(CLIENTS[maker](provider, max_retries=5))
    assert len(provider.requests) == 1


def all_of(client):
    return list(ask(client, stream=True))


async def all_of_async(client):
    return [event async for event in await ask(client, stream=True)]


@BOTH
@EITHER
def test_a_timeout_in_the_middle_of_a_stream_keeps_its_money(provider, maker, is_async):
    provider.faults.push("slow:seconds=3")

    async def main():
        client = CLIENTS[maker](provider, is_async=is_async, max_retries=0, timeout=0.5)
        with pytest.raises(Exception, match=r"(?i)timed? ?out"):
            await (all_of_async(client) if is_async else asyncio.to_thread(all_of, client))
        if is_async:
            await client.close()

    with farthing.budget("$5") as run:
        asyncio.run(main())
        assert run.receipt.document.open == 1
        assert run.spent.usd >= billed(provider)
        assert run.spent.usd > 0


@BOTH
@pytest.mark.parametrize("leaving", ["break", "raise", "drop"])
def test_whoever_leaves_a_stream_early_pays_for_all_of_it(provider, maker, leaving):
    client = CLIENTS[maker](provider)
    with farthing.budget("$5") as run:
        stream = ask(client, stream=True)
        with contextlib.suppress(KeyError):
            for _ in stream:
                if leaving == "raise":
                    raise KeyError("of the user's own")
                break
        if leaving != "drop":
            stream.close()
        del stream
        gc.collect()
        deadline = time.monotonic() + 20
        while run.receipt.document.open or not run.spent.usd:
            assert time.monotonic() < deadline, "it is never settled"
            time.sleep(0.005)
        assert run.spent.usd == billed(provider) > 0


def test_azure_is_understood_and_its_deployment_is_the_model(provider):
    """The simulated provider has no such paths, so they are made its own on the way."""
    bare = openai.AzureOpenAI(azure_endpoint=provider.url, api_key="k", api_version="2024-10-21")

    def led(request):
        request.url = request.url.copy_with(raw_path=b"/v1/chat/completions")
        request.headers["authorization"] = "Bearer k"

    bare._client.event_hooks["request"].append(led)
    with farthing.budget(calls=1) as run:
        client = farthing.wrap(bare)
        ask(client)
        assert run.spent.usd == billed(provider) > 0
        with pytest.raises(farthing.BudgetExceeded):
            ask(client.with_options(max_retries=0))


def test_foundry_is_understood(provider):
    bare = anthropic.AnthropicFoundry(base_url=provider.url, api_key="k")
    with farthing.budget(calls=1) as run:
        client = farthing.wrap(bare)
        ask(client)
        assert run.spent.usd == billed(provider) > 0
        with pytest.raises(farthing.BudgetExceeded):
            ask(client)
