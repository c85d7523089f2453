"""One answer on a connection, as it stands on the wire."""

import asyncio

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from farthing.gateway.turn import Bell, Turn, turn_of


class Wire:
    """As much of a transport as an answer needs."""

    def __init__(self):
        self.written = b""
        self.closed = False

    def write(self, data):
        self.written += data

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def pause_reading(self):
        return

    def resume_reading(self):
        return


def turn(method="GET", version="1.1", *, keep_alive=True):
    import logging

    wire, log, done = Wire(), logging.getLogger("t"), []
    made = Turn(
        scope={"type": "http", "method": method, "http_version": version},
        transport=wire,
        flow=FlowControl(wire),
        logger=log,
        access_logger=log,
        access_log=False,
        default_headers=[],
        message_event=Bell(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: done.append(1),
    )
    return made, wire, done


def test_a_whole_answer_is_one_write_with_its_length():
    made, wire, done = turn()
    asyncio.run(made.whole(200, [(b"x-a", b"b")], b"hello"))
    assert wire.written == b"HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 5\r\n\r\nhello"
    assert (done, wire.closed, made.response_complete) == ([1], False, True)


def test_head_has_the_length_and_no_body():
    made, wire, _ = turn("HEAD")
    asyncio.run(made.whole(200, [], b"hello"))
    assert wire.written.endswith(b"content-length: 5\r\n\r\n")


def test_pieces_are_chunks_and_the_last_comes_with_the_end():
    async def act(made):
        await made.head(200, [])
        await made.piece(b"hello")
        await made.piece(b"")
        await made.end(b"bye")

    made, wire, _ = turn()
    asyncio.run(act(made))
    assert wire.written.endswith(b"\r\n\r\n5\r\nhello\r\n3\r\nbye\r\n0\r\n\r\n")


def test_http_1_0_has_no_chunks_and_ends_with_the_connection():
    async def act(made):
        await made.head(200, [])
        await made.piece(b"hello")
        await made.end()

    made, wire, _ = turn(version="1.0", keep_alive=False)
    asyncio.run(act(made))
    assert wire.written == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello"
    assert wire.closed


def test_a_cut_closes_without_an_end():
    async def act(made):
        await made.head(200, [])
        await made.piece(b"hello")
        made.cut()

    made, wire, done = turn()
    asyncio.run(act(made))
    assert wire.closed
    assert not done
    assert not wire.written.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("value", [b"a\r\nx-evil: b", b"a\nb", b"a\rb"])
def test_a_header_carries_no_second_line(value):
    made, wire, _ = turn()
    with pytest.raises(ValueError, match="line break"):
        asyncio.run(made.whole(200, [(b"x-a", value)], b""))
    assert wire.written == b""


def test_writing_to_a_client_that_left_does_nothing():
    made, wire, done = turn()
    made.disconnected = True
    asyncio.run(made.whole(200, [], b"hello"))
    assert (wire.written, done) == (b"", [])


def test_a_bell_wakes_whoever_waits_and_stays_rung():
    async def act():
        bell = Bell()
        waiting = asyncio.ensure_future(bell.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        bell.set()
        await waiting
        await bell.wait()
        bell.clear()
        late = asyncio.ensure_future(bell.wait())
        await asyncio.sleep(0)
        assert not late.done()
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        bell.set()

    asyncio.run(act())


def test_only_our_own_protocol_makes_turns():
    made, _, _ = turn()
    assert turn_of({"farthing.turn": made}) is made
    with pytest.raises(AssertionError):
        turn_of({})
