"""The provider as a server."""

import asyncio
import socket
import threading

import httpx2
import pytest

from farthing.testing import Pace, Settings, SimulatedProvider
from support.simulated import OPENAI, chat_body, messages_body, post


def test_it_serves_from_a_thread_and_frees_its_port():
    before = set(threading.enumerate())
    with SimulatedProvider().in_thread() as provider:
        assert post(provider, "/v1/chat/completions", chat_body()).status_code == 200
        port = provider.port
    with socket.socket() as again, pytest.raises(ConnectionRefusedError):
        again.connect(("127.0.0.1", port))
    assert "simulated provider" not in {thread.name for thread in set(threading.enumerate()) - before}


def test_it_serves_on_the_running_loop():
    async def ask():
        async with SimulatedProvider() as provider, httpx2.AsyncClient(trust_env=False, verify=False) as client:
            answer = await client.post(f"{provider.url}/v1/chat/completions", json=chat_body(), headers=OPENAI)
            return answer.json()["usage"]["completion_tokens"]

    assert asyncio.run(ask()) == 100


def test_a_taken_port_is_an_error_at_once():
    with SimulatedProvider().in_thread() as first:
        second = SimulatedProvider(port=first.port)
        with pytest.raises(OSError, match="in use"):
            second.in_thread().__enter__()


def test_while_it_refuses_no_connection_is_made_and_afterwards_it_is():
    with SimulatedProvider().in_thread() as provider:
        with provider.refusing(), pytest.raises(httpx2.ConnectError):
            post(provider, "/v1/chat/completions", chat_body())
        assert post(provider, "/v1/chat/completions", chat_body()).status_code == 200


def test_it_stops_although_clients_wait():
    with SimulatedProvider().in_thread() as provider:
        connection = socket.create_connection((provider.host, provider.port))
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n")
        post(provider, "/v1/messages", messages_body(max_tokens=0))
    with connection:
        connection.settimeout(5)
        try:
            ended = connection.recv(1)
        except ConnectionResetError:
            ended = b""
    assert ended == b""


def test_two_hundred_streams_at_once_are_all_whole_and_all_billed():
    async def ask(client, url):
        answer = await client.post(url, json=chat_body(stream=True), headers=OPENAI)
        return answer.text.endswith("data: [DONE]\n\n")

    async def ask_all():
        pace = Pace(first_seconds=0.05, tokens_per_event=5)
        limits = httpx2.Limits(max_connections=200)
        async with (
            SimulatedProvider(Settings(pace=pace)) as provider,
            httpx2.AsyncClient(trust_env=False, verify=False, limits=limits, timeout=30) as client,
        ):
            whole = await asyncio.gather(*(ask(client, f"{provider.url}/v1/chat/completions") for _ in range(200)))
            return whole, provider.bill.entries

    whole, entries = asyncio.run(ask_all())
    assert whole == [True] * 200
    assert [entry.usage.output_tokens for entry in entries] == [100] * 200


def test_one_connection_serves_many_requests(provider):
    with httpx2.Client(trust_env=False, verify=False) as client:
        for _ in range(5):
            client.post(f"{provider.url}/v1/chat/completions", json=chat_body(), headers=OPENAI)
    assert len(provider.simulation.bill) == 5
