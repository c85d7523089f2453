"""An asynchronous client's call, on the client's own loop."""

import asyncio

import pytest

import farthing
from support.maker_scenarios import CHAT
from support.sdk_provider import billed, simulated
from support.sdk_world import openai_client, sdk


def test_a_loop_that_ends_in_the_midst_of_a_stream_leaves_no_money_held():
    async def main(provider):
        client = openai_client(provider, is_async=True)
        stream = await client.chat.completions.create(**CHAT, stream=True)
        async for _ in stream:
            break
        await stream.close()
        await client.close()

    with simulated() as provider, sdk(), farthing.budget("$5") as run:
        asyncio.run(main(provider))
        assert run.remaining.usd < 5


def test_the_loop_goes_on_while_a_call_is_under_way():
    async def main(provider):
        provider.faults.push("latency:seconds=0.05")
        client = openai_client(provider, is_async=True)
        turns = 0
        task = asyncio.create_task(client.chat.completions.create(**CHAT))
        while not task.done():
            turns += 1
            await asyncio.sleep(0.001)
        await client.close()
        return turns

    with simulated() as provider, sdk(), farthing.budget("$5") as run:
        assert asyncio.run(main(provider)) > 5
        assert run.spent.usd == billed(provider)


def test_another_kind_of_loop_is_told_so():
    from farthing.sdk.awaiting import AsyncCall

    with pytest.raises(farthing.Misused, match="asyncio and on trio"):
        AsyncCall(None, None, None)
