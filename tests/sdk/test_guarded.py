"""The HTTP of a wrapped client: of the maker's class, and whatever way a request takes, it is the same door."""

import asyncio

import httpx
import httpx2
import pytest

import farthing
from farthing.sdk.door import Door, Terms
from farthing.sdk.guarded import guarded
from farthing.sdk.wrap import unguarded
from support.maker_scenarios import CHAT
from support.sdk_provider import billed, simulated
from support.sdk_world import ask, openai_client, sdk

BOTH = pytest.mark.parametrize("module", [httpx, httpx2])
KEY = {"authorization": "Bearer sk-test"}
COUNTED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 20}


def around(inner, module, *, asynchronous=False):
    return guarded(module, Door(inner, module, "openai", Terms()), asynchronous=asynchronous)


@BOTH
def test_a_request_is_the_one_that_the_clients_own_http_would_make(module):
    inner = module.Client(headers={"x-corp": "1"}, cookies={"a": "b"}, params={"q": "1"})
    with around(inner, module) as http:
        assert isinstance(http, module.Client)
        request = http.build_request("POST", "http://x/", json={})
    assert (request.headers["x-corp"], request.headers["cookie"], request.url.query) == ("1", "a=b", b"q=1")
    assert inner.is_closed


@BOTH
@pytest.mark.parametrize("way", ["send", "transport"])
def test_both_ways_out_are_counted(module, way):
    with (
        simulated() as provider,
        sdk(),
        farthing.budget("$1") as run,
        around(module.Client(headers=KEY), module) as http,
    ):
        request = http.build_request("POST", f"{provider.url}/v1/chat/completions", json=COUNTED)
        response = http.send(request) if way == "send" else http._transport.handle_request(request)
        assert response.status_code == 200
        assert run.spent.usd == billed(provider) > 0


@BOTH
def test_both_asynchronous_ways_out_are_counted(module):
    async def main(provider):
        async with around(module.AsyncClient(headers=KEY), module, asynchronous=True) as http:
            for send in (http.send, http._transport.handle_async_request):
                response = await send(http.build_request("POST", f"{provider.url}/v1/chat/completions", json=COUNTED))
                assert response.status_code == 200

    with simulated() as provider, sdk(), farthing.budget("$1") as run:
        asyncio.run(main(provider))
        assert run.spent.calls == 2
        assert run.spent.usd == billed(provider)


@BOTH
def test_what_is_asked_of_one_request_is_asked_of_the_clients_own_http(module):
    with simulated() as provider, sdk(), around(module.Client(), module) as http:
        request = http.build_request("GET", f"{provider.url}/v1/models")
        assert http.send(request, auth=("ann", "secret")).request.headers["authorization"].startswith("Basic ")


def test_nothing_is_set_aside_for_a_client_that_was_closed():
    with simulated() as provider, sdk(), farthing.budget("$1") as run:
        client = openai_client(provider, max_retries=0)
        unguarded(client._client).close()
        with pytest.raises(Exception, match=r"closed|[Cc]onnection"):
            ask(client)
        assert run.remaining.usd == 1
        assert not run.receipt.document.calls


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_says_how_long_it_took(streamed):
    with simulated() as provider, sdk(), farthing.budget("$1"):
        calls = openai_client(provider).chat.completions.with_raw_response
        raw = calls.create(**CHAT, stream=streamed)
        if streamed:
            raw.http_response.read()
        assert raw.elapsed.total_seconds() > 0


def test_a_stream_read_to_its_end_gives_its_connection_back():
    one_at_a_time = httpx2.Client(limits=httpx2.Limits(max_connections=1))
    with simulated() as provider, sdk(), farthing.budget("$1"), one_at_a_time as http:
        client = openai_client(provider, http_client=http, timeout=5)
        for _ in range(3):
            assert list(ask(client, stream=True))
