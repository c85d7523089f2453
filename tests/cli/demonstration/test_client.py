"""The client retries exactly as the makers' own do."""

import asyncio

import pytest

from farthing.cli.demonstration import client
from farthing.cli.demonstration.client import post
from farthing.testing import SimulatedProvider

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
KEY = {"authorization": "Bearer x"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(client, "RETRY_SECONDS", 0)


def ask(*faults: str | None):
    with SimulatedProvider(faults=faults).in_thread() as provider:
        reply = asyncio.run(post(provider.url, "/v1/chat/completions", BODY, KEY))
        return reply, len(provider.bill)


def test_an_answer_takes_one_request():
    reply, arrived = ask()
    assert (reply.status, reply.sent, arrived) == (200, 1, 1)
    assert reply.body["usage"]["prompt_tokens"] > 0


def test_a_busy_provider_is_asked_again():
    reply, arrived = ask("429", None)
    assert (reply.status, reply.sent, arrived) == (200, 2, 2)


def test_it_gives_up_after_two_retries():
    reply, arrived = ask("500", "500", "500", None)
    assert (reply.status, reply.sent, arrived) == (500, 3, 3)


def test_a_mistake_of_ones_own_is_not_sent_again():
    assert ask("400")[0].sent == 1


@pytest.mark.parametrize(
    ("status", "told", "again"),
    [
        (402, {}, False),
        (429, {}, True),
        (409, {}, True),
        (503, {}, True),
        (503, {"x-should-retry": "false"}, False),
        (400, {"x-should-retry": "true"}, True),
    ],
)
def test_what_the_server_says_of_retrying_is_final(status: int, told: dict[str, str], again):
    assert client._again(status, told) is again
