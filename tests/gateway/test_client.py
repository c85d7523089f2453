"""A client behind a connection: it knows when it is gone, and a cut is no end."""

import asyncio

import pytest

from farthing.gateway.client import HttpClient
from farthing.testing import Fault, Pace, Settings
from support.admin import CHAT
from support.gateway import gateway_and_provider
from support.rawclient import RawClient, request


def test_it_needs_a_turn_of_our_own_protocol():
    async def receive():
        return {"type": "http.disconnect"}

    with pytest.raises(AssertionError):
        HttpClient({"type": "http"}, receive)


def streamed(**more):
    import json

    return request(body=json.dumps({**CHAT, "stream": True, **more}).encode())


def test_a_truncated_answer_is_cut_and_not_ended(tmp_path):
    faults = [Fault(kind="reset_after_events")]
    with gateway_and_provider(tmp_path, "", faults=faults) as (gateway, _), RawClient(gateway.port) as client:
        client.send(streamed())
        answer = client.rest()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"[DONE]" not in answer


def test_a_client_that_leaves_its_stream_is_gone_and_the_rest_is_read_for_its_usage(tmp_path):
    paced = Settings(pace=Pace(event_seconds=0.01))
    with gateway_and_provider(tmp_path, "", settings=paced) as (gateway, provider):
        client = RawClient(gateway.port)
        client.send(streamed(max_tokens=50))
        client._more()
        client.reset()

        async def over():
            while tasks := [t for t in asyncio.all_tasks() if "run_asgi" in repr(t.get_coro())]:
                await asyncio.wait(tasks)

        asyncio.run_coroutine_threadsafe(over(), gateway.loop).result(20)
        gateway.flush()
        (call,) = gateway.engine.records.recent(limit=1)
        assert call.cost_nanos == sum(entry.nanos for entry in provider.bill)
        assert call.open == 0
