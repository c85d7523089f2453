"""Two hundred calls at once against a budget for twenty: spent to the last affordable call, never past it."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest

from farthing.domain.money import usd
from farthing.testing import Fault, Reply
from support.gateway import gateway_and_provider

PROMPT = "word " * 480 + "and say something"
OUTPUT = 100
CAPS = {"exact_cap": OUTPUT, "loose_cap": 256, "no_cap": None}
STREAMED = {"whole": False, "streamed": True}


def body(cap, *, stream):
    asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPT}], "stream": stream}
    return asked if cap is None else {**asked, "max_tokens": cap}


async def burst(url, asked, number):
    """Every call on a connection of its own; nothing is ever sent twice."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(110)) as session:

        async def one():
            async with session.post(f"{url}/v1/chat/completions", json=asked) as answer:
                text = await answer.read()
                code = json.loads(text)["error"]["code"] if answer.status == 402 else ""
                return answer.status, code

        return await asyncio.gather(*[one() for _ in range(number)])


def cost_of_one(folder):
    with gateway_and_provider(folder, script=lambda prompt: Reply(tokens=OUTPUT)) as (gateway, provider):
        asyncio.run(burst(gateway.url, body(OUTPUT, stream=False), 1))
        (entry,) = provider.bill
        assert entry.usage.output_tokens == OUTPUT
        return entry.nanos


def spend_twenty(folder, cap, *, stream, seconds, wait):
    """Two hundred at once against twenty, of a provider that takes so many seconds for each answer."""
    (folder / "one").mkdir(parents=True)
    each = cost_of_one(folder / "one")
    limit = 20 * each
    more = f'[[budgets]]\nname = "twenty"\nlimit = "{usd(limit)} USD"\nwait = "{wait}"\n'
    faults = [Fault(kind="latency", seconds=seconds) for _ in range(200)]
    with gateway_and_provider(folder, more, script=lambda prompt: Reply(tokens=OUTPUT), faults=faults) as (
        gateway,
        provider,
    ):
        answers = asyncio.run(burst(gateway.url, body(cap, stream=stream), 200))
        posted, left_open = gateway.posted("twenty"), gateway.open("twenty")
        billed = sum(entry.nanos for entry in provider.bill)
    statuses = [status for status, _ in answers]
    assert set(statuses) <= {200, 402}
    assert len(statuses) == 200
    assert posted == billed
    assert left_open == 0
    assert 0.95 * limit <= billed <= limit
    assert {code for status, code in answers if status == 402} <= {"budget_exceeded", "budget_reserved"}


@pytest.mark.slow
@pytest.mark.parametrize("stream", STREAMED.values(), ids=STREAMED)
@pytest.mark.parametrize("cap", CAPS.values(), ids=CAPS)
def test_200_calls_at_once_against_a_budget_for_20(tmp_path, cap, stream):
    spend_twenty(tmp_path, cap, stream=stream, seconds=0.2, wait="20s")


@pytest.mark.slow
def test_200_calls_at_once_against_a_budget_for_20_of_a_provider_that_takes_two_seconds(tmp_path):
    """Forty seconds of waiting each, so all six at one time, each before a gateway of its own."""
    with ThreadPoolExecutor(len(CAPS) * len(STREAMED)) as pool:
        spends = [
            pool.submit(spend_twenty, tmp_path / cap / way, CAPS[cap], stream=STREAMED[way], seconds=2.0, wait="120s")
            for cap in CAPS
            for way in STREAMED
        ]
        for spend in spends:
            spend.result()


@pytest.mark.slow
def test_one_sequential_agent_gets_all_twenty(tmp_path):
    (tmp_path / "one").mkdir()
    limit = 20 * cost_of_one(tmp_path / "one")
    more = f'[[budgets]]\nname = "twenty"\nlimit = "{usd(limit)} USD"\n'
    with gateway_and_provider(tmp_path, more, script=lambda prompt: Reply(tokens=OUTPUT)) as (gateway, provider):
        statuses = [asyncio.run(burst(gateway.url, body(OUTPUT, stream=False), 1))[0][0] for _ in range(21)]
        assert statuses == [200] * 20 + [402]
        assert gateway.posted("twenty") == limit == sum(entry.nanos for entry in provider.bill)
