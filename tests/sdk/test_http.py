"""What an error of a client's HTTP proves, requests as the client's own HTTP sends them, and answers as they come."""

import asyncio

import httpcore
import httpx
import httpx2
import pytest

from farthing.domain.errors import Ambiguous, NotSent, Unreachable
from farthing.ports.upstream import Outbound
from farthing.sdk.exchange import Send
from farthing.sdk.http import (
    end_of_reading,
    headers_of,
    lowered,
    origin_of,
    outbound,
    pieces_of,
    pieces_of_async,
    proof,
    streams,
)

BOTH = pytest.mark.parametrize("module", [httpx, httpx2])


def by_its_pool(module, kind, request):
    """As httpx raises what its own connections raise, about this request."""
    error = getattr(module, kind)("x", request=request)
    error.__cause__ = httpcore.ConnectError("y")
    return error


@BOTH
def test_only_what_was_never_sent_is_proven_unsent(module):
    request = module.Request("POST", "http://x/")
    assert type(proof(by_its_pool(module, "ConnectError", request), request)) is Unreachable
    assert type(proof(by_its_pool(module, "PoolTimeout", request), request)) is NotSent
    for error in (by_its_pool(module, "ReadTimeout", request), module.RemoteProtocolError("x"), KeyboardInterrupt()):
        assert type(proof(error, request)) is Ambiguous


@BOTH
def test_what_another_request_or_transport_says_proves_nothing(module):
    request, other = module.Request("POST", "http://x/"), module.Request("GET", "http://y/")
    assert type(proof(by_its_pool(module, "ConnectError", other), request)) is Ambiguous
    assert type(proof(module.ConnectError("x", request=request), request)) is Ambiguous


def own(module, url, **headers):
    return module.Request("POST", url, headers=headers, content=b"own", extensions={"timeout": {"read": 3.0}})


@BOTH
@pytest.mark.parametrize("url", ["http://a:b@x:8080/v1/c?q=1", "https://x/v1/c?q=1", "http://[::1]:80/v1/c?q=1"])
def test_a_request_goes_where_it_was_going_with_what_the_client_gave_it(module, url):
    request = own(module, url, connection="close")
    asked = Outbound(origin=origin_of(request.url), target="/v1/c?q=1", headers=((b"a", b"1"),), body=b"ours")
    made = outbound(module, request, Send(asked))
    assert made.url == request.url
    assert made.content == b"ours"
    assert made.extensions == {"timeout": {"read": 3.0}}
    assert {name: made.headers[name] for name in ("a", "connection", "host", "content-length")} == {
        "a": "1",
        "connection": "close",
        "host": request.headers["host"],
        "content-length": "4",
    }


@BOTH
def test_elsewhere_the_engine_sends_it_without_what_was_for_the_first_place(module):
    request = own(module, "http://a:b@x/v1/c", host="named")
    made = outbound(module, request, Send(Outbound(origin="http://y", target="/v2/c", body=b"")))
    assert str(made.url) == "http://y/v2/c"
    assert made.headers["host"] == "y"


def test_a_stream_is_a_good_answer_of_events():
    events = {"content-type": "text/event-stream; charset=utf-8"}
    assert streams(httpx.Response(200, headers=events))
    assert not streams(httpx.Response(500, headers=events))
    assert not streams(httpx.Response(200, json={}))


def test_names_of_headers_are_told_in_lower_case():
    assert lowered([(b"A-b", b"C")]) == ((b"a-b", b"C"),)


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __iter__(self):
        yield from (b"a", b"b")

    async def __aiter__(self):
        for piece in self:
            yield piece


def test_an_answer_is_read_as_it_comes_or_as_a_hook_has_read_it():
    fresh, read = (httpx.Response(200, headers={"content-encoding": "identity"}, stream=Pieces()) for _ in range(2))
    assert read.read() == b"ab"
    assert list(pieces_of(fresh)) == [b"a", b"b"]
    assert list(pieces_of(read)) == [b"ab"]
    assert headers_of(fresh) == [(b"content-encoding", b"identity")]
    assert headers_of(read) == [], "what the hook has read is decoded"


def test_the_same_for_asynchronous_clients_and_reading_can_be_ended():
    async def main():
        response = httpx.Response(200, stream=Pieces())
        assert [piece async for piece in pieces_of_async(response)] == [b"a", b"b"]
        pieces = pieces_of_async(httpx.Response(200, stream=Pieces()))
        assert await anext(pieces) == b"a"
        await end_of_reading(pieces)
        assert await anext(pieces, b"") == b""
        read = httpx.Response(200, stream=Pieces())
        await read.aread()
        assert [piece async for piece in pieces_of_async(read)] == [b"ab"]

    asyncio.run(main())
