"""Wrapped clients with HTTP of the user's own: proxies, mounts, transports and event hooks stay, and so does the count."""

import asyncio
import gzip
import json

import anthropic
import openai
import pytest

import farthing
from support.forward_proxy import forward_proxy
from support.maker_scenarios import CHAT, MESSAGES
from support.sdk_provider import billed, simulated
from support.sdk_world import ask, httpx_of, sdk

OPENAI, ANTHROPIC = (httpx_of(kind(api_key="k")) for kind in (openai.OpenAI, anthropic.Anthropic))
BOTH = pytest.mark.parametrize("maker", ["openai", "anthropic"])
STREAMED = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@pytest.fixture
def provider():
    with simulated() as running, sdk():
        yield running


def wrapped(maker, url, http, **more):
    if maker == "openai":
        return farthing.wrap(openai.OpenAI(base_url=f"{url}/v1", api_key="k", http_client=http, **more))
    return farthing.wrap(anthropic.Anthropic(base_url=url, api_key="k", http_client=http, **more))


def of(maker):
    return OPENAI if maker == "openai" else ANTHROPIC


def read(client, *, streamed):
    answer = ask(client, stream=streamed)
    return list(answer) if streamed else answer


@BOTH
@STREAMED
@pytest.mark.parametrize("how", ["proxy", "mounts"])
def test_a_proxy_is_gone_through_and_each_call_counts(provider, maker, streamed, how):
    httpx = of(maker)
    with forward_proxy() as (address, asked):
        given = {"proxy": address} if how == "proxy" else {"mounts": {"http://": httpx.HTTPTransport(proxy=address)}}
        with httpx.Client(trust_env=False, **given) as http, farthing.budget(calls=1) as run:
            client = wrapped(maker, provider.url, http)
            read(client, streamed=streamed)
            with pytest.raises(farthing.BudgetExceeded):
                read(client, streamed=streamed)
            assert len(asked) == 1
            assert asked[0].startswith(provider.url)
            assert run.spent.usd == billed(provider) > 0


def test_an_asynchronous_client_goes_through_its_proxy_too(provider):
    async def main(address):
        async with OPENAI.AsyncClient(proxy=address, trust_env=False) as http:
            bare = openai.AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="k", http_client=http)
            await farthing.wrap(bare).chat.completions.create(**CHAT)

    with forward_proxy() as (address, asked), farthing.budget("$1") as run:
        asyncio.run(main(address))
        assert len(asked) == 1
        assert run.spent.usd == billed(provider) > 0


def test_a_proxy_that_is_not_there_costs_nothing(provider):
    with OPENAI.Client(proxy="http://127.0.0.1:9", trust_env=False) as http, farthing.budget("$1") as run:
        with pytest.raises(openai.APIConnectionError):
            ask(wrapped("openai", provider.url, http, max_retries=0))
        assert run.remaining.usd == 1
    assert not provider.requests


@BOTH
@STREAMED
def test_a_hook_that_reads_the_answer_before_us_changes_nothing(provider, maker, streamed):
    heard = []

    def listen(response):
        response.read()
        heard.append(len(response.content))

    with of(maker).Client(event_hooks={"response": [listen]}, trust_env=False) as http, farthing.budget("$1") as run:
        answer = read(wrapped(maker, provider.url, http), streamed=streamed)
        assert answer
        assert run.spent.usd == billed(provider) > 0
        assert run.receipt.document.open == 0
    assert len(heard) == 1


@STREAMED
def test_an_asynchronous_hook_that_reads_the_answer_changes_nothing(provider, streamed):
    async def listen(response):
        await response.aread()

    async def main():
        async with OPENAI.AsyncClient(event_hooks={"response": [listen]}, trust_env=False) as http:
            bare = openai.AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="k", http_client=http)
            answer = await farthing.wrap(bare).chat.completions.create(**CHAT, stream=streamed)
            assert [event async for event in answer] if streamed else answer.choices

    with farthing.budget("$1") as run:
        asyncio.run(main())
        assert run.spent.usd == billed(provider) > 0


@BOTH
def test_a_hook_that_fails_after_the_answer_gives_no_money_back(provider, maker):
    """It says "cannot connect", but of its own log collector; the call was answered, and billed."""
    httpx = of(maker)

    def report(_):
        httpx.post("http://127.0.0.1:9/logs", trust_env=False)

    with httpx.Client(event_hooks={"response": [report]}, trust_env=False) as http, farthing.budget("$1") as run:
        with pytest.raises((openai.APIConnectionError, anthropic.APIConnectionError)):
            ask(wrapped(maker, provider.url, http, max_retries=0))
        assert billed(provider) > 0
        assert run.remaining.usd <= 1 - billed(provider)


@BOTH
def test_a_transport_of_the_users_own_that_cannot_connect_after_sending_gives_no_money_back(provider, maker):
    """Transports over other libraries call a connection that was reset by the name of one that was never made."""
    httpx = of(maker)

    class Resetting(httpx.HTTPTransport):
        def handle_request(self, request):
            super().handle_request(request).read()
            raise httpx.ConnectError("connection reset by peer", request=request)

    with httpx.Client(transport=Resetting()) as http, farthing.budget("$1") as run:
        with pytest.raises((openai.APIConnectionError, anthropic.APIConnectionError)):
            ask(wrapped(maker, provider.url, http, max_retries=0))
        assert billed(provider) > 0
        assert run.remaining.usd <= 1 - billed(provider)


@BOTH
def test_a_transport_that_answers_by_itself_is_counted_by_what_it_says(maker):
    """As in tests of the user's own: no socket, and a body that is there at once, even compressed against our wish."""
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10, "input_tokens": 7, "output_tokens": 3}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}
    said = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "choices": [choice],
        "usage": usage,
        "type": "message",
    }
    model = {"openai": CHAT, "anthropic": MESSAGES}[maker]["model"]
    body = json.dumps({**said, "model": model, "role": "assistant", "content": [{"type": "text", "text": "Hello"}]})
    httpx = of(maker)

    def answer(_):
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        return httpx.Response(200, content=gzip.compress(body.encode()), headers=headers)

    with sdk(), httpx.Client(transport=httpx.MockTransport(answer)) as http, farthing.budget("$1") as run:
        assert ask(wrapped(maker, "http://example.invalid", http)).model == model
        assert run.spent.tokens == 10
        assert run.spent.usd > 0
        assert run.receipt.document.open == 0


def test_parameters_and_headers_of_the_http_go_with_calls_and_with_free_requests(provider):
    with OPENAI.Client(params={"tenant": "t1"}, headers={"x-corp": "1"}, trust_env=False) as http:
        client = wrapped("openai", provider.url, http)
        with farthing.budget("$1"):
            ask(client)
            client.models.list()
    for request in provider.requests:
        assert request.headers["x-corp"] == "1"
