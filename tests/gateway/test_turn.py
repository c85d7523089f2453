"""A request whose body arrives: asked for when it is wanted, counted, and never whole when it is not."""

import asyncio

import pytest

from farthing.gateway.head import HeadReader
from farthing.gateway.turn import READ_AHEAD_BYTES, ClientLeft, Turn
from support.rawclient import request
from support.wire import MemoryWire


def turn(*lines, pieces=(), all_here=False):
    wire = MemoryWire()
    head = HeadReader(100).read(request(*lines).partition(b"\r\n\r\n")[0])
    return Turn(wire, head, list(pieces), all_here=all_here, keep_alive=True), wire


def test_a_body_that_is_here_is_counted():
    made, _ = turn(pieces=[b"ab", b"c"], all_here=True)
    assert (made.body_bytes, made.all_here, made.peer) == (3, True, "127.0.0.1")


def test_more_returns_when_more_is_here():
    async def act():
        made, _ = turn()
        waiting = asyncio.ensure_future(made.more())
        await asyncio.sleep(0)
        assert not waiting.done()
        made.arrived(3, all_here=False)
        await waiting
        assert (made.body_bytes, made.all_here) == (3, False)
        made.arrived(5, all_here=True)
        await made.more()
        assert made.all_here

    asyncio.run(act())


def test_more_of_a_client_that_left_never_comes():
    async def act():
        made, _ = turn()
        waiting = asyncio.ensure_future(made.more())
        await asyncio.sleep(0)
        made.lose()
        with pytest.raises(ClientLeft):
            await waiting

    asyncio.run(act())


def test_a_client_that_waits_is_told_to_go_on_once_and_only_when_its_body_is_wanted():
    async def act():
        made, wire = turn(b"Expect: 100-continue")
        assert wire.written == b""
        made.arrived(0, all_here=False)
        await made.more()
        made.arrived(1, all_here=False)
        await made.more()
        assert wire.written == b"HTTP/1.1 100 Continue\r\n\r\n"

    asyncio.run(act())


def test_a_body_that_nobody_asks_for_is_read_ahead_only_so_far():
    made, wire = turn()
    made.arrived(READ_AHEAD_BYTES, all_here=False)
    assert not wire.reading_paused
    made.arrived(READ_AHEAD_BYTES + 1, all_here=False)
    assert wire.reading_paused

    async def act():
        await made.more()
        assert not wire.reading_paused

    asyncio.run(act())


def test_what_arrives_after_the_answer_is_dropped():
    made, _ = turn()
    asyncio.run(made.whole(401, [], b""))
    made.pieces.append(b"late")
    made.arrived(4, all_here=False)
    assert made.pieces == []
