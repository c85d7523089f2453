"""Answers that are fetched later: which requests ask for one, and what is posted of what they say."""

import asyncio
import json

import httpx2
import msgspec
import openai
import pytest

import farthing
from farthing.domain.usage import Usage
from farthing.sdk.engine import local_engine
from farthing.sdk.fetched import fetched_by, plainly, settle
from farthing.wire.dialect import Answered
from support.maker_scenarios import RESPONSES
from support.sdk_provider import billed, simulated
from support.sdk_world import httpx_of, openai_client, sdk


@pytest.mark.parametrize(
    ("method", "path", "id"),
    [
        ("GET", "/v1/responses/resp_1", "resp_1"),
        ("GET", "/openai/responses/resp_1", "resp_1"),
        ("POST", "/v1/responses/resp_1/cancel", "resp_1"),
        ("DELETE", "/v1/responses/resp_1", ""),
        ("POST", "/v1/responses/resp_1", ""),
        ("GET", "/v1/responses/resp_1/cancel", ""),
        ("GET", "/v1/responses/resp_1/input_items", ""),
        ("GET", "/v1/models/resp_1", ""),
    ],
)
def test_an_answer_is_fetched_by_its_id_or_cancelled_by_it(method, path, id):
    request = httpx2.Request(method, f"http://x{path}")
    assert fetched_by(request) == id
    assert plainly(request).headers["accept-encoding"] == "identity"


def test_only_a_finished_answer_that_a_call_waits_for_is_posted_and_once():
    with simulated() as provider, sdk(), farthing.budget() as run:
        asked = openai_client(provider).responses.create(**RESPONSES, background=True)
        local = local_engine()
        done = Answered(usage=Usage(input_tokens=10, output_tokens=20), id=asked.id, model="gpt-4o-mini")
        for other in ({"usage": None}, {"pending": True}, {"id": "resp_of_nobody"}, {"id": ""}):
            assert not local.do(settle(local.engine, msgspec.structs.replace(done, **other)))
        assert run.spent.tokens == 0
        assert local.do(settle(local.engine, done))
        assert run.spent.tokens == 30
        assert not local.do(settle(local.engine, done)), "nothing waits for it any more"
        assert run.spent.tokens == 30


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_an_answer_that_is_followed_again_is_posted_before_its_end_is_seen(is_async):
    """The simulated provider does not stream what it keeps, so a transport does."""
    with simulated() as provider, sdk(), farthing.budget() as run:
        asked = openai_client(provider).responses.create(**RESPONSES, background=True)
        done = finished(provider, asked.id)
        http = httpx_of(openai_client(provider))
        events = [("response.in_progress", asked.model_dump(mode="json")), ("response.completed", done)]
        body = "".join(
            f"event: {name}\ndata: {json.dumps({'type': name, 'sequence_number': at, 'response': each})}\n\n"
            for at, (name, each) in enumerate(events)
        )
        transport = http.MockTransport(
            lambda _: http.Response(200, content=body, headers={"content-type": "text/event-stream"})
        )
        assert run.spent.usd == 0
        asyncio.run(follow(http, transport, asked.id, run, is_async))
        assert run.spent.usd == billed(provider) > 0
        assert run.receipt.document.open == 0


def finished(provider, id):
    """The answer as a client that nobody counts sees it, once it is there."""
    bare = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="sk-test")
    while (answer := bare.responses.retrieve(id)).status in ("queued", "in_progress"):
        continue
    return answer.model_dump(mode="json")


async def follow(http, transport, id, run, is_async):
    if not is_async:
        client = farthing.wrap(openai.OpenAI(api_key="k", http_client=http.Client(transport=transport)))
        with client:
            for event in client.responses.retrieve(id, stream=True):
                assert event.type != "response.completed" or run.spent.usd > 0
        return
    bare = openai.AsyncOpenAI(api_key="k", http_client=http.AsyncClient(transport=transport))
    async with farthing.wrap(bare) as client:
        async for event in await client.responses.retrieve(id, stream=True):
            assert event.type != "response.completed" or (await asyncio.to_thread(lambda: run.spent.usd)) > 0
