"""Money for tools at a gateway that answers as it is told: asked again under one word, and told until it hears."""

import asyncio
import json

import pytest

from farthing.call.tool_money import Buying
from farthing.domain.errors import LedgerUnavailable
from farthing.sdk import remote_money
from farthing.sdk.remote_money import RemotePayment, RemoteTill
from farthing.sdk.tool_errors import ToolBudgetExceeded
from support.rawserver import RawServer, answer

BUYING = Buying("search", 10_000_000, known=True)
LABELS = (("agent", "finder"), ("run", "r"), ("run.1", "inner"))
HELD = answer(b'{"id": "call_1"}', status=b"201 Created")
REFUSED = {
    "error": {
        "message": "The budget 'x' is used up. Wait.",
        "code": "budget_exceeded",
        "farthing": {
            "code": "budget_exceeded",
            "budget": "x",
            "unit": "usd",
            "limit": "1",
            "spent": "1",
            "needed": "0.01",
        },
    }
}


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(remote_money, "AGAIN_SECONDS", (0.001, 0.001, 0.001))


def with_replies(replies, act):
    """Do this against a gateway that gives these answers in their order, None for a connection that breaks."""
    left = list(replies)

    async def script(peer):
        await peer.request()
        reply = left.pop(0)
        if reply is not None:
            await peer.send(reply)

    async def main():
        async with RawServer(script) as server:
            try:
                found = await act(server.origin)
            except Exception as error:
                found = error
            return found, [(request.line.split()[1].decode(), json.loads(request.body)) for request in server.requests]

    return asyncio.run(main())


def held(replies):
    took = []

    async def act(store):
        await RemoteTill(store).hold_async(BUYING, LABELS, took.append)

    error, requests = with_replies(replies, act)
    return took, error, requests


def test_the_most_it_costs_is_asked_for_with_the_labels_of_its_budgets():
    took, error, ((path, body),) = held([HELD])
    assert error is None
    assert len(took) == 1
    assert path == "/farthing/v1/tool-uses"
    assert len(body.pop("once")) == 32
    assert body == {
        "run": "r",
        "tool": "search",
        "most_usd": "0.01",
        "exact": True,
        "labels": {"agent": "finder", "run.1": "inner"},
        "seconds": 900,
        "wait_seconds": 300,
    }


def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_word():
    took, error, requests = held([None, HELD])
    assert error is None
    assert len(took) == 1
    assert requests[0] == requests[1]
    took, error, requests = held([None, None])
    assert isinstance(error, LedgerUnavailable)
    assert not took
    assert len(requests) == 2


def test_a_refusal_has_the_gateways_numbers():
    took, error, _ = held([answer(json.dumps(REFUSED).encode(), status=b"402 Payment Required")])
    assert not took
    assert isinstance(error, ToolBudgetExceeded)
    assert (str(error.limit), str(error.needed), error.tool, error.code) == ("1", "0.01", "search", "budget_exceeded")


@pytest.mark.parametrize(
    ("end", "word", "body"),
    [
        ("settle", 5, {"usd": "0.000000005"}),
        ("void", "out of stock", {"reason": "out of stock"}),
        ("lose", "x" * 300, {"reason": "x" * 200}),
    ],
)
def test_an_end_is_told_until_it_is_heard(end, word, body):
    async def act(store):
        told = getattr(RemotePayment(store, "call_1", BUYING), end)(word)
        await asyncio.wrap_future(told)

    error, requests = with_replies([None, answer(b"{}", status=b"503 No"), answer(b"{}")], act)
    assert error is None
    assert requests == [(f"/farthing/v1/tool-uses/call_1/{end}", body)] * 3


@pytest.mark.parametrize(
    "replies", [[None] * 4, [answer(b'{"error": {"message": "it was voided"}}', status=b"409 Conflict")]]
)
def test_an_end_that_is_not_heard_is_said_in_the_log_and_nowhere_else(replies, caplog):
    async def act(store):
        await asyncio.wrap_future(RemotePayment(store, "call_1", BUYING).settle(5))

    error, requests = with_replies(replies, act)
    assert error is None
    assert len(requests) == len(replies)
    assert "could not be told to settle the money of the tool search (call_1, up to 0.01 USD)" in caplog.text
