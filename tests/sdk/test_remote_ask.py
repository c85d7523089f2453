"""One question to a gateway's admin side: what is asked, and what is raised where no answer comes."""

import asyncio

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.sdk.errors import Misused
from farthing.sdk.remote_ask import KEY, Answer, ask, check_address, hear, is_address, is_loopback
from support.rawserver import RawServer, always, answer


def asked(reply, monkeypatch, key="fk_secret"):
    """What `ask` makes of these bytes, and the request that came."""
    monkeypatch.setenv(KEY, key)

    async def main():
        async with RawServer(always(reply)) as server:
            try:
                return await asyncio.to_thread(ask, server.origin, "POST", "/tool-uses", {"a": 1}), server.requests[0]
            except Exception as error:
                return error, server.requests[0]

    return asyncio.run(main())


def test_an_address_is_a_store_like_any_other():
    assert is_address("https://gateway.example")
    assert not is_address("farthing.db")
    assert not is_address("memory:")
    assert is_loopback("localhost")
    assert not is_loopback("gateway.example")


def test_it_asks_the_admin_side_with_the_key_and_gives_the_answer(monkeypatch):
    found, request = asked(answer(b'{"id": "x"}'), monkeypatch)
    assert found == {"id": "x"}
    assert request.line == b"POST /farthing/v1/tool-uses HTTP/1.1"
    assert request.field(b"authorization") == [b"Bearer fk_secret"]
    assert request.body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (b"401 No", b'{"error": {"message": "no key"}}', Misused, r"says: no key; FARTHING_KEY must be"),
        (b"403 No", b'{"error": {"message": "no right to \'runs\'"}}', Misused, r"'runs'; FARTHING_KEY must be"),
        (
            b"403 No",
            b'{"error": {"message": "no right to \'admin\'"}}',
            Misused,
            r"older .* /farthing/v1/tool-uses yet",
        ),
        (b"404 No", b'{"error": {"message": "nothing here"}}', Misused, r"nothing here\. Either it is older"),
        (b"404 No", b"<html>", Misused, r"no gateway of Farthing's: it answers /tool-uses with HTTP 404"),
        (b"409 No", b'{"error": {"message": "it has ended"}}', Misused, r"says: it has ended$"),
        (b"302 Go", b"", Misused, r"name that address in FARTHING_STORE"),
        (b"503 No", b'{"error": {"message": "the disk is full"}}', LedgerUnavailable, r"now: the disk is full"),
        (b"502 No", b"<html>", LedgerUnavailable, r"cannot be used now: HTTP Error 502"),
        (b"200 OK", b"<html>", Misused, r"does not answer like a gateway of Farthing's"),
    ],
)
def test_what_it_says_instead_is_told_with_what_to_do(monkeypatch, status, body, kind, words):
    found, _ = asked(answer(body, b"Location: /elsewhere", status=status), monkeypatch)
    assert type(found) is kind
    with pytest.raises(kind, match=words):
        raise found


@pytest.mark.parametrize("reply", [b"SSH-2.0-OpenSSH\r\n\r\n", b""])
def test_what_speaks_no_http_is_away(monkeypatch, reply):
    monkeypatch.delenv(KEY, raising=False)

    async def script(peer):
        await peer.request()
        if reply:
            await peer.send(reply)

    async def main():
        async with RawServer(script) as server:
            await asyncio.to_thread(hear, server.origin, "GET", "/x")

    with pytest.raises(LedgerUnavailable, match="cannot be reached"):
        asyncio.run(main())


def test_an_answer_is_given_whatever_it_says(monkeypatch):
    async def main():
        async with RawServer(always(answer(b'{"error": {}}', status=b"402 Payment Required"))) as server:
            return await asyncio.to_thread(hear, server.origin, "GET", "/x")

    assert asyncio.run(main()) == Answer(402, {"error": {}})


@pytest.mark.parametrize(
    ("store", "words"), [("http://", "like http://127.0.0.1:4141"), ("https://g.example/v1/", "v1: https://g.example$")]
)
def test_what_cannot_be_a_gateway_s_address_is_told_from_it(store, words):
    check_address("https://gateway.example/")
    with pytest.raises(Misused, match=words):
        check_address(store)


@pytest.mark.parametrize("store", ["http://", "http://127.0.0.1:port", "http://a b"])
def test_what_is_no_address_is_named(store):
    with pytest.raises((Misused, LedgerUnavailable), match="FARTHING_STORE"):
        ask(store, "GET", "/x")
