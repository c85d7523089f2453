"""Money for tools at a gateway that answers as it is told: asked again under one word, and told until it hears."""

import asyncio
import json
import threading

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


class Door:
    """A gateway whose queue a test opens: whoever asks for money waits until it is told."""

    def __init__(self, *, says_withdrawn):
        self.opened = asyncio.Event()
        self.waits = asyncio.Event()
        self.withdrawn = 0
        self._says = says_withdrawn

    async def script(self, peer):
        path = (await peer.request()).line.split()[1]
        if path.endswith(b"/tool-uses"):
            self.waits.set()
            await self.opened.wait()
            await peer.send(HELD)
        elif path.endswith(b"/withdraw"):
            self.withdrawn += 1
            says = self._says(self.withdrawn)
            if not says:
                self.opened.set()
            await peer.send(answer(b'{"withdrawn": %s}' % (b"true" if says else b"false")))
        else:
            await peer.send(answer(b"{}"))


def left_while_waiting(door):
    """What the gateway heard, in its order, and the payment that came all the same."""

    async def main():
        took = []
        async with RawServer(door.script) as server:
            waiting = asyncio.create_task(RemoteTill(server.origin).hold_async(BUYING, LABELS, took.append))
            await asyncio.wait_for(door.waits.wait(), 20)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            deadline = asyncio.get_running_loop().time() + 20
            while not door.withdrawn and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(0.005)
            door.opened.set()
            while not took and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(0.005)
            return [json.loads(request.body) for request in server.requests], took

    return asyncio.run(main())


def test_whoever_leaves_while_it_waits_says_so_under_its_word():
    (asked, withdrawn), took = left_while_waiting(Door(says_withdrawn=lambda _: True))
    assert withdrawn == {"once": asked["once"]}
    assert len(took) == 1, "what came all the same is handed to whoever gives it back"


def test_it_is_said_again_until_the_gateway_has_found_it_or_it_came_to_its_end():
    door = Door(says_withdrawn=lambda times: times == 1)
    requests, _ = left_while_waiting(door)
    assert len(requests) == 2
    door = Door(says_withdrawn=lambda _: False)
    requests, took = left_while_waiting(door)
    assert len(took) == 1
    assert 2 <= len(requests) <= 5


def test_whoever_left_asks_no_second_time():
    async def main():
        async def breaks(peer):
            await peer.request()

        async with RawServer(breaks) as server:
            left = threading.Event()
            left.set()
            with pytest.raises(LedgerUnavailable):
                await asyncio.to_thread(RemoteTill(server.origin)._reserved, {"once": "w"}, left)
            return len(server.requests)

    assert asyncio.run(main()) == 1
