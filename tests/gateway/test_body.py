"""Reading a body: bounded, and a part of it is never the whole."""

import asyncio

import pytest

from farthing.domain.errors import BadRequest
from farthing.gateway.body import read_body, take_body
from farthing.gateway.head import HeadReader
from farthing.gateway.turn import ClientLeft, Turn
from support.rawclient import request
from support.wire import MemoryWire

LEFT = None


def piece(body, *, more):
    return body, more


def read(*pieces, headers=None, limit=10):
    """Read a body that arrives in these pieces, the first with the head."""
    (first, more), *later = pieces or ((b"", False),)
    lines = [name + b": " + value for name, value in (headers or {}).items()]
    head = HeadReader(100).read(request(*lines, length=False).partition(b"\r\n\r\n")[0])
    turn = Turn(MemoryWire(), head, [first], all_here=not more, keep_alive=True)

    async def arrive():
        for each in later:
            await asyncio.sleep(0)
            if each is LEFT:
                turn.lose()
                return
            turn.pieces.append(each[0])
            turn.arrived(turn.body_bytes + len(each[0]), all_here=not each[1])

    async def both():
        arriving = asyncio.ensure_future(arrive())
        try:
            return await read_body(turn, limit)
        finally:
            await arriving

    return asyncio.run(both())


def test_pieces_are_put_together():
    assert read(piece(b"abc", more=False)) == b"abc"
    assert read(piece(b"ab", more=True), piece(b"", more=True), piece(b"c", more=False)) == b"abc"
    assert read(piece(b"", more=False)) == b""


@pytest.mark.parametrize("before", [(piece(b"ab", more=True),), (piece(b"ab", more=True), piece(b"", more=True))])
def test_a_client_that_leaves_inside_its_body_has_said_nothing(before):
    with pytest.raises(ClientLeft):
        read(*before, LEFT)


@pytest.mark.parametrize(
    "messages",
    [
        (piece(b"a" * 11, more=False),),
        (piece(b"a" * 6, more=True), piece(b"a" * 6, more=False)),
        (piece(b"a" * 6, more=True), piece(b"a" * 6, more=True)),
    ],
)
def test_a_body_is_bounded_while_it_arrives(messages):
    with pytest.raises(BadRequest) as caught:
        read(*messages)
    assert (caught.value.status, caught.value.code) == (413, "request_too_large")


@pytest.mark.parametrize("length", [b"11", b"0011", b"9999999999999999999"])
def test_a_body_that_is_declared_too_large_is_not_read_at_all(length):
    with pytest.raises(BadRequest) as caught:
        read(headers={b"content-length": length})
    assert caught.value.status == 413


def test_exactly_the_limit_is_accepted():
    assert len(read(piece(b"a" * 10, more=False), headers={b"content-length": b"10"})) == 10


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"deflate", b"gzip, identity", b"\xff"])
def test_a_compressed_body_is_refused_and_identity_is_none(encoding):
    with pytest.raises(BadRequest) as caught:
        read(headers={b"content-encoding": encoding})
    assert (caught.value.status, caught.value.field) == (415, "content-encoding")
    assert read(piece(b"a", more=False), headers={b"content-encoding": b"Identity"}) == b"a"


def test_a_body_that_is_all_here_is_taken_once_and_within_the_same_bound():
    head = HeadReader(100).read(request(length=False).partition(b"\r\n\r\n")[0])
    turn = Turn(MemoryWire(), head, [b"abc", b"de"], all_here=True, keep_alive=True)
    assert take_body(turn, 5) == b"abcde"
    assert turn.pieces == []
    turn.pieces.append(b"abcdef")
    with pytest.raises(BadRequest) as caught:
        take_body(turn, 5)
    assert caught.value.status == 413
