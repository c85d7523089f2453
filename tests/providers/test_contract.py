"""What every `Upstream` promises, held against our pool on both event loops and against aiohttp."""

import asyncio
import contextlib
import gzip
import re
import socket
import ssl
from functools import partial

import pytest
import trustme

from farthing.domain.errors import Ambiguous, BadRequest, NotSent
from farthing.ports.upstream import Outbound
from farthing.providers.limits import Limits, Timeouts
from support.rawserver import OK, Peer, RawServer, always, answer, chunked, eventually, once

LIMIT = 1 << 20


@pytest.fixture(params=["pool", "pool-asyncio", "aiohttp"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def tls_server(authority, *names):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def tls_client(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def post(server, target="/v1/chat", body=b"{}", headers=(), **more):
    return Outbound(origin=server.origin, target=target, body=body, headers=tuple(headers), **more)


async def fetch(upstream, request, limit=LIMIT):
    got = await upstream.send(request)
    return got.status, got.headers, await got.read_all(limit)


async def pieces_of(got):
    pieces = []
    while piece := await got.read():
        pieces.append(piece)
    return b"".join(pieces)


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_request_arrives_with_its_headers_in_their_own_case_and_order(clients):
    headers = [
        (b"Authorization", b"Bearer k"),
        (b"x-lower", b"1"),
        (b"X-Twice", b"a"),
        (b"X-Twice", b"b"),
        (b"content-type", b"application/json"),
        (b"X-Utf8", "é".encode()),
    ]
    async with RawServer(always(answer(b"ok"))) as server:
        await fetch(clients(), post(server, "/v1/x?a=%2F&b=c", b'{"a":1}', headers))
        (seen,) = server.requests
    assert seen.line == b"POST /v1/x?a=%2F&b=c HTTP/1.1"
    assert [field for field in seen.fields if field in headers] == headers
    assert seen.field(b"host") == [server.origin.removeprefix("http://").encode()]
    assert seen.field(b"content-length") == [b"7"]
    assert seen.field(b"accept-encoding") == [b"identity"]
    assert len(seen.fields) == len(headers) + 3
    assert seen.body == b'{"a":1}'


async def test_an_encoding_that_the_caller_names_is_kept(clients):
    async with RawServer(always(answer(b"ok"))) as server:
        await fetch(clients(), post(server, headers=[(b"Accept-Encoding", b"gzip")]))
        assert server.requests[0].field(b"accept-encoding") == [b"gzip"]


async def test_a_large_body_arrives_whole(clients):
    body = bytes(range(256)) * 40_000
    async with RawServer(always(answer(b"ok"))) as server:
        assert (await fetch(clients(), post(server, body=body)))[2] == b"ok"
        assert server.requests[0].body == body


@pytest.mark.parametrize(
    "header",
    [
        (b"x", b"a\r\nhost: evil"),
        (b"x", b"a\nb"),
        (b"x", b"a\0b"),
        (b"x: y\r\nz", b"a"),
        (b"x y", b"a"),
        (b"", b"a"),
        (b"Host", b"evil"),
        (b"content-length", b"1"),
        (b"transfer-encoding", b"chunked"),
    ],
)
async def test_a_header_that_could_change_the_request_is_refused_before_anything_is_sent(clients, header):
    async with RawServer(always(answer(b"ok"))) as server:
        with pytest.raises(BadRequest, match=r"."):
            await clients().send(post(server, headers=[header]))
        assert not server.requests


# ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_answer_headers_keep_order_and_duplicates_and_lose_what_ends_with_the_hop(clients):
    reply = answer(
        b"hello",
        b"X-B: 1",
        b"Connection: keep-alive, X-Secret",
        b"Keep-Alive: 5",
        b"X-Secret: s",
        b"Set-Cookie: a",
        b"X-A: ",
        b"Set-Cookie: b",
    )
    async with RawServer(always(reply)) as server:
        status, headers, body = await fetch(clients(), post(server))
    assert (status, body) == (200, b"hello")
    assert headers == [
        (b"x-b", b"1"),
        (b"set-cookie", b"a"),
        (b"x-a", b""),
        (b"set-cookie", b"b"),
        (b"content-length", b"5"),
    ]


async def test_a_header_that_is_not_ascii_comes_through_as_its_bytes(clients):
    values = ["ü€".encode(), b"\xe9\xff"]
    async with RawServer(always(answer(b"", *(b"X: " + value for value in values)))) as server:
        _, headers, _ = await fetch(clients(), post(server))
    assert [value for name, value in headers if name == b"x"] == values


@pytest.mark.parametrize("status", [b"429 Too Many", b"529 Overloaded", b"500 Oops", b"302 Found", b"404 ?"])
async def test_every_status_passes_through_and_nothing_is_followed(clients, status):
    async with RawServer(always(answer(b"why", b"Location: /elsewhere", status=status))) as server:
        got, headers, body = await fetch(clients(), post(server))
        assert (got, body) == (int(status[:3]), b"why")
        assert (b"location", b"/elsewhere") in headers
        assert len(server.requests) == 1


async def test_a_compressed_answer_is_not_touched(clients):
    packed = gzip.compress(b"hello" * 100)
    async with RawServer(always(answer(packed, b"Content-Encoding: gzip"))) as server:
        _, headers, body = await fetch(clients(), post(server))
    assert body == packed
    assert (b"content-encoding", b"gzip") in headers
    assert (b"content-length", b"%d" % len(packed)) in headers


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        ([answer(b"")], b""),
        (
            [OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"ab", b"c" * 70_000, b"d")],
            b"ab" + b"c" * 70_000 + b"d",
        ),
        ([OK + b"Transfer-Encoding: Chunked\r\n\r\n2;x=y\r\nab\r\n0\r\nX-Trailer: 1\r\n\r\n"], b"ab"),
        ([OK + b"\r\nuntil", b" the", b" end"], b"until the end"),
        ([b"HTTP/1.0 200 OK\r\n\r\nold"], b"old"),
        ([b"HTTP/1.1 204 Nothing\r\n\r\n"], b""),
        ([b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n"], b""),
        ([b"HTTP/1.1 100 Go on\r\n\r\n", b"HTTP/1.1 103 Hints\r\nX-Early: 1\r\n\r\n" + answer(b"late")], b"late"),
        ([bytes([byte]) for byte in answer(b"byte by byte", b"X: y")], b"byte by byte"),
    ],
)
async def test_a_body_ends_where_its_framing_says(clients, reply, body):
    async with RawServer(once(*reply)) as server:
        _, headers, whole = await fetch(clients(), post(server))
        assert whole == body
        assert b"x-early" not in dict(headers)
        assert await pieces_of(await clients().send(post(server))) == body


async def test_the_answer_to_head_has_no_body_whatever_its_length_says(clients):
    async with RawServer(always(OK + b"Content-Length: 1000\r\n\r\n")) as server:
        upstream = clients()
        for _ in range(2):
            status, headers, body = await fetch(upstream, post(server, method="HEAD", body=b""))
            assert (status, body) == (200, b"")
            assert (b"content-length", b"1000") in headers


async def test_pieces_are_handed_on_as_they_arrive(clients):
    heard = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await heard.wait()
        await peer.send(b"6\r\nsecond\r\n0\r\n\r\n")

    async with RawServer(script) as server:
        got = await clients().send(post(server))
        assert await got.read() == b"first"
        heard.set()
        assert [await got.read(), await got.read(), await got.read()] == [b"second", b"", b""]


# ── nothing was sent ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_refused_connection_is_not_sent(clients):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(NotSent):
            await clients().send(Outbound(origin=f"http://127.0.0.1:{closed.getsockname()[1]}", target="/"))


async def test_an_unknown_name_is_not_sent(clients):
    with pytest.raises(NotSent):
        await clients().send(Outbound(origin="http://no-such-host.invalid", target="/"))


async def test_a_certificate_that_nobody_vouches_for_is_not_sent(clients, authority):
    async with RawServer(always(answer(b"ok")), tls=tls_server(authority, "127.0.0.1")) as server:
        with pytest.raises(NotSent):
            await clients().send(post(server))
        assert not server.requests


async def test_a_certificate_for_another_name_is_not_sent(clients, authority):
    async with RawServer(always(answer(b"ok")), tls=tls_server(authority, "elsewhere.test")) as server:
        with pytest.raises(NotSent):
            await clients(tls=tls_client(authority)).send(post(server))
        assert not server.requests


async def test_a_server_that_speaks_no_tls_is_not_sent(clients):
    async def script(peer: Peer) -> None:
        await peer.send(answer(b"", status=b"400 Bad"))

    async with RawServer(script) as server:
        with pytest.raises(NotSent):
            await clients().send(Outbound(origin=f"https://127.0.0.1:{server.port}", target="/"))


async def test_a_handshake_that_never_ends_is_not_sent(clients):
    async with RawServer(Peer.until_closed) as server:
        with pytest.raises(NotSent):
            await clients(timeouts=Timeouts(connect_seconds=0.1)).send(
                Outbound(origin=f"https://127.0.0.1:{server.port}", target="/")
            )
        await eventually(lambda: server.open == 0)


async def test_a_connection_that_is_never_accepted_is_not_sent(clients):
    with socket.socket() as full, contextlib.ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # fill its queue: later SYNs are dropped
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        with pytest.raises(NotSent):
            await clients(timeouts=Timeouts(connect_seconds=0.2)).send(
                Outbound(origin=f"http://127.0.0.1:{full.getsockname()[1]}", target="/")
            )


@pytest.mark.parametrize("origin", ["http://169.254.169.254", "http://metadata.google.internal", "http://[fe80::1]"])
async def test_a_metadata_service_is_not_asked(clients, origin):
    with pytest.raises(NotSent, match="metadata"):
        await clients().send(Outbound(origin=origin, target="/latest/meta-data"))


async def test_a_pool_that_was_closed_sends_nothing(clients):
    async with RawServer(always(answer(b"ok"))) as server:
        used, unused = clients(), clients()
        await fetch(used, post(server))
        for upstream in (used, unused):
            await upstream.close()
            with pytest.raises(NotSent):
                await upstream.send(post(server))


# ── what is unsure ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_silence_after_the_request_is_ambiguous_and_ends_the_connection(clients):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.until_closed()

    async with RawServer(script) as server:
        with pytest.raises(Ambiguous):
            await clients(timeouts=Timeouts(first_byte_seconds=0.1)).send(post(server))
        await eventually(lambda: server.open == 0)


@pytest.mark.parametrize("act", [Peer.reset, Peer.close])
@pytest.mark.parametrize("before", [b"", b"HTT", OK + b"X: y"])
async def test_an_end_before_the_answer_is_ambiguous_and_nothing_is_sent_again(clients, act, before):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(before)
        act(peer)

    async with RawServer(script) as server:
        with pytest.raises(Ambiguous):
            await clients().send(post(server))
        assert len(server.requests) == len(server.peers) == 1


@pytest.mark.parametrize("act", [Peer.reset, Peer.close])
@pytest.mark.parametrize(
    "part",
    [
        OK + b"content-length: 10\r\n\r\nhalf",
        OK + b"transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\n8\r\nhalf",
    ],
)
@pytest.mark.parametrize("whole", [True, False])
async def test_a_body_that_is_cut_is_ambiguous(clients, act, part, whole):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(part)
        await started.wait()
        act(peer)

    started = asyncio.Event()
    async with RawServer(script) as server:
        got = await clients().send(post(server))
        started.set()
        with pytest.raises(Ambiguous):
            await (got.read_all(LIMIT) if whole else pieces_of(got))
        with pytest.raises(Ambiguous):
            await got.read()


@pytest.mark.parametrize("whole", [True, False])
async def test_a_body_that_stalls_is_ambiguous(clients, whole):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"content-length: 10\r\n\r\nhalf")
        await peer.until_closed()

    async with RawServer(script) as server:
        got = await clients(timeouts=Timeouts(idle_seconds=0.1)).send(post(server))
        with pytest.raises(Ambiguous):
            await (got.read_all(LIMIT) if whole else pieces_of(got))
        await eventually(lambda: server.open == 0)


async def test_an_answer_that_never_ends_is_ambiguous_after_the_total(clients):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"\r\n")
        while True:
            await peer.send(b"drip")
            await asyncio.sleep(0.01)

    async with RawServer(script) as server:
        got = await clients(timeouts=Timeouts(total_seconds=0.2)).send(post(server))
        with pytest.raises(Ambiguous):
            await pieces_of(got)


@pytest.mark.parametrize("framing", [b"content-length: 2000\r\n\r\n", b"\r\n"])
async def test_an_answer_longer_than_the_limit_is_ambiguous(clients, framing):
    async with RawServer(once(OK + framing + b"x" * 2000)) as server:
        with pytest.raises(Ambiguous, match="1999"):
            await fetch(clients(), post(server), limit=1999)
        assert (await fetch(clients(), post(server), limit=2000))[2] == b"x" * 2000


@pytest.mark.parametrize(
    "reply",
    [
        OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        OK + b"X: y\r\n" * 1000 + b"\r\n",
        b"",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        OK + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab",
        OK + b"content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        OK + b"content-length: -1\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
        OK + b"X : y\r\n\r\n",
        OK + b"X: a\0b\r\n\r\n",
    ],
)
async def test_what_is_no_answer_is_ambiguous(clients, reply):
    async with RawServer(once(reply)) as server:
        with pytest.raises(Ambiguous):
            await fetch(clients(), post(server))


# ── giving up ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_cancelling_before_the_headers_closes_the_connection_at_once(clients):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.until_closed()

    async with RawServer(script) as server:
        sending = asyncio.create_task(clients().send(post(server)))
        await eventually(lambda: bool(server.requests))
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await eventually(lambda: server.open == 0)


@pytest.mark.parametrize("way", ["cancel read", "cancel read_all", "cancel pour", "abort"])
async def test_giving_up_in_the_body_closes_the_connection_at_once(clients, way):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await peer.until_closed()

    async with RawServer(script) as server:
        got = await clients().send(post(server))
        assert await got.read() == b"first"
        if way == "abort":
            got.abort()
            got.abort()
        else:
            ways = {"read": got.read, "read_all": partial(got.read_all, LIMIT), "pour": partial(got.pour, bool)}
            reading = asyncio.create_task(ways[way.removeprefix("cancel ")]())
            await asyncio.sleep(0.01)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        await eventually(lambda: server.open == 0)
        with pytest.raises(Ambiguous):
            await got.read()


# ── connections ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_one_connection_serves_requests_in_a_row(clients):
    async with RawServer(always(answer(b"ok"))) as server:
        upstream = clients()
        for _ in range(20):
            got = await upstream.send(post(server))
            assert await got.read_all(LIMIT) == b"ok"
            got.abort()
        assert (len(server.peers), len(server.requests)) == (1, 20)


@pytest.mark.parametrize(
    "reply", [answer(b"ok", b"Connection: close"), b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"]
)
async def test_a_connection_that_the_provider_means_to_close_is_not_used_again(clients, reply):
    async with RawServer(always(reply)) as server:
        upstream = clients()
        for _ in range(3):
            await fetch(upstream, post(server))
        assert len(server.peers) == 3


async def test_a_connection_closed_while_idle_is_replaced(clients):
    async with RawServer(once(answer(b"ok"))) as server:
        upstream = clients()
        for _ in range(5):
            assert (await fetch(upstream, post(server)))[2] == b"ok"
            await eventually(lambda: server.open == 0)
            await asyncio.sleep(0.01)  # the news is in the kernel; aiohttp hears it from the loop
        assert len(server.requests) == len(server.peers) == 5


@pytest.mark.parametrize("act", [Peer.reset, Peer.close])
async def test_a_connection_closed_as_it_is_reused_is_ambiguous_and_nothing_is_sent_again(clients, act):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(b"ok"))
        await peer.request()
        act(peer)

    async with RawServer(script) as server:
        upstream = clients()
        await fetch(upstream, post(server, "/1"))
        with pytest.raises(Ambiguous):
            await upstream.send(post(server, "/2"))
        assert [seen.line.split()[1] for seen in server.requests] == [b"/1", b"/2"]


async def test_more_requests_than_connections_wait_their_turn(clients):
    async with RawServer(always(answer(b"ok"))) as server:
        upstream = clients(limits=Limits(connections=2))
        answers = await asyncio.gather(*(fetch(upstream, post(server)) for _ in range(20)))
        assert [body for _, _, body in answers] == [b"ok"] * 20
        assert len(server.peers) <= 2


async def test_waiting_too_long_for_a_connection_is_not_sent(clients):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.until_closed()

    async with RawServer(script) as server:
        upstream = clients(limits=Limits(connections=1), timeouts=Timeouts(wait_seconds=0.1, connect_seconds=0.1))
        first = asyncio.create_task(upstream.send(post(server)))
        await eventually(lambda: bool(server.requests))
        with pytest.raises(NotSent):
            await upstream.send(post(server))
        first.cancel()
        assert len(server.requests) == 1


async def test_tls_is_verified_and_used(clients, authority):
    context = tls_server(authority, "127.0.0.1")
    context.set_alpn_protocols(["h2", "http/1.1"])
    protocols = []

    async def script(peer: Peer) -> None:
        protocols.append(peer.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await always(answer(b"secret" * 50_000))(peer)

    async with RawServer(script, tls=context) as server:
        upstream = clients(tls=tls_client(authority))
        for _ in range(3):
            assert (await fetch(upstream, post(server)))[2] == b"secret" * 50_000
        assert len(server.peers) == 1
    assert protocols[0] in ("http/1.1", None)


# ── pressure ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("secure", [False, True])
async def test_a_provider_waits_for_a_caller_that_does_not_read(clients, authority, secure):
    total, step = 100 << 20, 1 << 18
    ended = []

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"content-length: %d\r\n\r\n" % total)
        while peer.sent < total:
            await peer.send(b"x" * step)
        ended.append(True)

    async with RawServer(script, tls=tls_server(authority, "127.0.0.1") if secure else None) as server:
        got = await clients(tls=tls_client(authority)).send(post(server))
        (peer,) = server.peers
        last = -1
        while last != peer.sent:  # until the provider stands still
            last = peer.sent
            await asyncio.sleep(0.1)
        assert not ended
        assert peer.sent < 24 << 20, "what the kernel's buffers take, and a little more"
        for _ in range(400):
            assert await got.read()
        await eventually(lambda: peer.sent > last)
        got.abort()


async def test_a_burst_of_streams_arrives_complete_and_in_order(clients, kind):
    streams, events = (960 if kind == "pool" else 160), 50

    async def script(peer: Peer) -> None:
        while True:
            name = (await peer.request()).line.split()[1]
            await peer.send(OK + b"transfer-encoding: chunked\r\n\r\n")
            for number in range(events):
                await peer.send(chunked(b"data: %b %d\n\n" % (name, number))[:-5])
            await peer.send(b"0\r\n\r\n")

    async def one(name: bytes) -> None:
        async with slots:
            got = await upstream.send(post(server, name.decode()))
            events_seen = re.findall(rb"data: (\S+) (\d+)\n\n", await pieces_of(got))
        assert events_seen == [(name, b"%d" % number) for number in range(events)]

    slots = asyncio.Semaphore(32)
    async with RawServer(script) as server:
        upstream = clients()
        await asyncio.gather(*(one(b"/%d" % number) for number in range(streams)))
        assert len(server.peers) <= 32
