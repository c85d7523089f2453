"""What every `Answer` promises of `pour`, held against our pool on both event loops and against aiohttp."""

import asyncio

import pytest

from farthing.domain.errors import Ambiguous
from farthing.ports.upstream import Outbound
from farthing.providers.limits import Timeouts
from support.rawserver import OK, Peer, RawServer, always, answer, chunked, eventually, once


@pytest.fixture(params=["pool", "pool-asyncio", "aiohttp"])
def kind(request):
    return request.param


def post(server):
    return Outbound(origin=server.origin, target="/v1/chat", body=b"{}")


async def poured(got):
    pieces = []
    end = await got.pour(lambda piece: not pieces.append(piece))
    assert end is True
    assert all(pieces)
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        ([answer(b"at once")], b"at once"),
        ([answer(b"")], b""),
        ([b"HTTP/1.1 204 Nothing\r\n\r\n"], b""),
        (
            [OK + b"Transfer-Encoding: chunked\r\n\r\n", chunked(b"ab", b"c" * 70_000, b"d")],
            b"ab" + b"c" * 70_000 + b"d",
        ),
        ([OK + b"\r\nuntil", b" the", b" end"], b"until the end"),
        ([bytes([byte]) for byte in answer(b"byte by byte", b"X: y")], b"byte by byte"),
    ],
)
async def test_a_body_that_is_poured_is_the_same_body(clients, reply, body):
    async with RawServer(once(*reply)) as server:
        got = await clients().send(post(server))
        assert await poured(got) == body
        assert await got.pour(lambda _: False) is True, "its end stays its end"
        assert await got.read() == b""


async def test_pieces_are_poured_as_they_arrive(clients):
    heard = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await heard.wait()
        await peer.send(b"6\r\nsecond\r\n0\r\n\r\n")

    def take(piece):
        pieces.append(piece)
        heard.set()
        return True

    pieces = []
    async with RawServer(script) as server:
        assert await (await clients().send(post(server))).pour(take)
    assert pieces == [b"first", b"second"]


async def test_whoever_stops_a_pour_gets_nothing_more_until_it_goes_on(clients):
    taken = []

    def one(piece):
        taken.append(piece)
        return False

    async with RawServer(always(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"x" * 300_000))) as server:
        upstream = clients()
        got = await upstream.send(post(server))
        while not await got.pour(one):
            count = len(taken)
            await asyncio.sleep(0.001)
            assert len(taken) == count
        assert b"".join(taken) == b"x" * 300_000
        assert len(taken) > 1
        assert await (await upstream.send(post(server))).read_all(1 << 20) == b"x" * 300_000
        assert len(server.peers) == 1


async def test_a_pour_and_reads_share_one_body(clients):
    async with RawServer(once(OK + b"\r\n", *[b"%d" % number for number in range(10)])) as server:
        got = await clients().send(post(server))
        taken = []
        assert await got.pour(taken.append) is False
        taken.append(await got.read())
        assert b"".join(taken) + await poured(got) == b"0123456789"


@pytest.mark.parametrize("act", [Peer.reset, Peer.close])
async def test_a_cut_is_told_after_all_that_came_before_it_was_poured(clients, act):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await came.wait()
        act(peer)

    def take(piece):
        taken.append(piece)
        came.set()
        return True

    taken, came = [], asyncio.Event()
    async with RawServer(script) as server:
        got = await clients().send(post(server))
        with pytest.raises(Ambiguous):
            await got.pour(take)
        assert taken == [b"half"]
        with pytest.raises(Ambiguous):
            await got.pour(take)
        assert taken == [b"half"]


async def test_a_pour_that_stalls_is_ambiguous(clients):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"content-length: 10\r\n\r\nhalf")
        await peer.until_closed()

    async with RawServer(script) as server:
        got = await clients(timeouts=Timeouts(idle_seconds=0.1)).send(post(server))
        with pytest.raises(Ambiguous):
            await poured(got)
        await eventually(lambda: server.open == 0)


@pytest.mark.parametrize("error", [ValueError("ours"), StopIteration("odd"), KeyboardInterrupt()])
@pytest.mark.parametrize("late", [False, True])
async def test_what_the_taker_raises_is_raised_where_it_pours_and_closes_the_connection(clients, error, late):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await asyncio.sleep(0.02)
        await peer.send(b"6\r\nsecond\r\n")
        await peer.until_closed()

    def take(piece):
        if late and piece == b"first":
            return True
        raise error

    async with RawServer(script) as server:
        got = await clients().send(post(server))
        expected = RuntimeError if isinstance(error, StopIteration) else type(error)
        with pytest.raises(expected):
            await got.pour(take)
        await eventually(lambda: server.open == 0)
        with pytest.raises(Ambiguous):
            await got.read()
