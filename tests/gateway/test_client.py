"""A client behind a connection: one answer as it stands on the wire; it knows when it is gone, and a cut is no end."""

import asyncio

import pytest

from farthing.gateway.client import HttpClient
from farthing.testing import Fault, Pace, Settings
from support.admin import CHAT
from support.gateway import gateway_and_provider
from support.rawclient import RawClient, request
from support.wire import MemoryWire


def client(*, wants_body=True, one_one=True, keep_alive=True):
    wire = MemoryWire()
    return HttpClient(wire, wants_body=wants_body, one_one=one_one, keep_alive=keep_alive), wire


def test_a_whole_answer_is_one_write_with_its_length():
    made, wire = client()
    asyncio.run(made.whole(200, [(b"x-a", b"b")], b"hello"))
    assert wire.written == b"HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 5\r\n\r\nhello"
    assert (wire.writes, wire.answers, wire.closed, made.complete) == (1, 1, False, True)


def test_head_has_the_length_and_no_body():
    made, wire = client(wants_body=False)
    asyncio.run(made.whole(200, [], b"hello"))
    assert wire.written.endswith(b"content-length: 5\r\n\r\n")


def test_pieces_are_chunks_and_the_last_comes_with_the_end():
    async def act(made):
        await made.head(200, [])
        await made.body(b"hello")
        assert made.write(b"")
        await made.end(b"bye")

    made, wire = client()
    asyncio.run(act(made))
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    assert wire.written == head + b"5\r\nhello\r\n3\r\nbye\r\n0\r\n\r\n"


def test_http_1_0_has_no_chunks_and_ends_with_the_connection():
    async def act(made):
        await made.head(200, [])
        await made.body(b"hello")
        await made.end()

    made, wire = client(one_one=False)
    asyncio.run(act(made))
    assert wire.written == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello"
    assert wire.closed


def test_a_cut_closes_without_an_end():
    async def act(made):
        await made.head(200, [])
        made.write(b"hello")
        await made.cut()

    made, wire = client()
    asyncio.run(act(made))
    assert (wire.closed, wire.answers) == (True, 0)
    assert wire.written.endswith(b"5\r\nhello\r\n")


@pytest.mark.parametrize("value", [b"a\r\nx-evil: b", b"a\nb", b"a\rb", b"\n\r"])
def test_a_header_carries_no_second_line(value):
    for headers in ([(b"x-a", value)], [(value, b"a")], [(b"x-a", b"b"), (b"x-b", value)]):
        made, wire = client()
        with pytest.raises(ValueError, match="line break"):
            asyncio.run(made.whole(200, headers, b""))
        assert wire.written == b""


def test_writing_to_a_client_that_left_does_nothing():
    async def act(made):
        await made.whole(200, [], b"hello")
        await made.head(200, [])
        assert made.write(b"hello")
        await made.end(b"bye")
        await made.cut()

    made, wire = client()
    made.lose()
    asyncio.run(act(made))
    assert (wire.written, wire.answers, wire.closed) == (b"", 0, False)


def test_a_client_that_reads_too_slowly_is_waited_for():
    async def act():
        made, wire = client()
        await made.head(200, [])
        wire.stall()
        assert made.write(b"hello") is False
        waiting = asyncio.ensure_future(made.body(b"you"))
        await asyncio.sleep(0)
        assert not waiting.done()
        wire.go_on()
        await waiting
        assert made.write(b"bye")

    asyncio.run(act())


def test_a_whole_answer_waits_for_a_client_that_has_not_read_the_one_before():
    async def act():
        made, wire = client()
        wire.stall()
        waiting = asyncio.ensure_future(made.whole(200, [], b"hello"))
        await asyncio.sleep(0)
        assert wire.written == b""
        wire.go_on()
        await waiting
        assert wire.written.endswith(b"hello")

    asyncio.run(act())


def test_whoever_waits_for_a_client_to_leave_is_told_once():
    async def act():
        made, _ = client()
        rung = []
        made.when_gone(lambda: rung.append(1))
        waiting = asyncio.ensure_future(made.left())
        await asyncio.sleep(0)
        made.lose()
        made.lose()
        await waiting
        made.when_gone(lambda: rung.append(2))
        assert rung == [1, 2]

    asyncio.run(act())


def test_a_client_that_leaves_after_its_answer_is_not_gone():
    made, _ = client()
    asyncio.run(made.whole(200, [], b""))
    made.lose()
    assert not made.gone


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
            while tasks := [t for t in asyncio.all_tasks() if "_answer" in repr(t.get_coro())]:
                await asyncio.wait(tasks)

        asyncio.run_coroutine_threadsafe(over(), gateway.loop).result(20)
        gateway.flush()
        (call,) = gateway.engine.records.recent(limit=1)
        assert call.cost_nanos == sum(entry.nanos for entry in provider.bill)
        assert call.open == 0
