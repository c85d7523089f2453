"""One connection over real sockets: what it may carry, and what makes it close."""

import asyncio
import socket

import pytest

from farthing.domain.errors import Ambiguous
from farthing.providers.connection import Connection
from farthing.providers.exchange import Exchange, Terms
from farthing.providers.limits import Limits, Timeouts
from support.rawserver import Peer, RawServer, answer, eventually

ASK = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"


class Owner:
    def __init__(self):
        self.told = []

    def take_back(self, connection):
        self.told.append("back")

    def forget(self, connection):
        self.told.append("closed")


async def connect(server):
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: Connection(loop), "127.0.0.1", server.port)
    connection.owner = Owner()
    return connection


def exchange_on(connection):
    loop = asyncio.get_running_loop()
    terms = Terms(loop=loop, origin="x", limits=Limits(), timeouts=Timeouts())
    return Exchange(terms, connection, began=loop.time())


async def talk(server_script, then):
    async with RawServer(server_script) as server:
        connection = await connect(server)
        try:
            await then(connection, server)
        finally:
            connection.close()
            await connection.gone


async def test_a_connection_goes_back_to_its_owner_between_exchanges(kind):
    async def script(peer: Peer) -> None:
        for _ in range(3):
            await peer.request()
            await peer.send(answer(b"ok"))
        await peer.until_closed()

    async def then(connection, server):
        assert connection.peer == "127.0.0.1"
        for turn in range(3):
            assert connection.ready()
            exchange = exchange_on(connection)
            connection.begin(exchange, ASK % 0, b"")
            assert await exchange.read_all(10) == b"ok"
            assert connection.owner.told == ["back"] * (turn + 1)

    await talk(script, then)


@pytest.mark.parametrize("size", [0, 10, 16 * 1024, 16 * 1024 + 1, 3 << 20])
async def test_a_body_of_any_size_follows_its_head(kind, size):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(b"ok"))

    async def then(connection, server):
        exchange = exchange_on(connection)
        connection.begin(exchange, ASK % size, b"x" * size)
        assert await exchange.read_all(10) == b"ok"
        assert server.requests[0].body == b"x" * size

    await talk(script, then)


@pytest.mark.parametrize("noise", [b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n", b"\r\n", b"\0"])
async def test_a_byte_that_nobody_asked_for_closes_it(kind, noise):
    async def script(peer: Peer) -> None:
        await peer.send(noise)
        await peer.until_closed()

    async def then(connection, server):
        await eventually(lambda: connection.closed)
        assert connection.owner.told == ["closed"]
        await eventually(lambda: server.open == 0)

    await talk(script, then)


@pytest.mark.parametrize("parting", [b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n", b""])
async def test_it_is_not_ready_once_the_kernel_holds_something_the_loop_has_not_seen(kind, parting):
    """A server's parting words that are already here must not become the answer to the next request."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connecting = loop.create_connection(lambda: Connection(loop), *listener.getsockname())
        _, connection = await connecting
        other, _ = listener.accept()
        assert connection.ready()
        other.sendall(parting)
        other.close()  # no turn of the loop between this and the question
        assert not connection.closed
        assert not connection.ready()
    connection.close()
    await connection.gone
    assert not connection.ready()


async def test_an_answer_before_the_request_is_written_ends_the_connection(kind):
    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(answer(b"too large", status=b"413 No"))
        await asyncio.Event().wait()

    async def then(connection, server):
        exchange = exchange_on(connection)
        size = 64 << 20
        connection.begin(exchange, ASK % size, bytes(size))
        await exchange.arrive()
        assert (exchange.status, await exchange.read_all(100)) == (413, b"too large")
        assert connection.owner.told == ["closed"]
        assert connection.closed

    await talk(script, then)


async def test_a_provider_that_has_said_its_last_word_is_not_written_to_any_more(kind):
    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.writer.write_eof()
        await asyncio.Event().wait()

    async def then(connection, server):
        exchange = exchange_on(connection)
        size = 64 << 20
        connection.begin(exchange, ASK % size, bytes(size))
        with pytest.raises(Ambiguous, match="before it answered"):
            await exchange.arrive()
        assert connection.closed

    await talk(script, then)


async def test_closing_twice_is_told_once(kind):
    async def then(connection, server):
        connection.close()
        connection.close()
        await connection.gone
        assert connection.owner.told == ["closed"]

    await talk(Peer.until_closed, then)


async def test_probes_keep_a_silent_connection_alive(kind):
    async with RawServer(Peer.until_closed) as server:
        loop = asyncio.get_running_loop()
        transport, connection = await loop.create_connection(lambda: Connection(loop), "127.0.0.1", server.port)
        sock = transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
        connection.close()
        await connection.gone
