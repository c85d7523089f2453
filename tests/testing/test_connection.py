"""One exchange, with the transport and the ASGI callables as plain values."""

import asyncio

import pytest

from farthing.testing.connection import TRANSPORT, BodyTooLarge, Connection, Left


class Transport:
    """Only what a connection asks of a transport that has already gone."""

    def is_closing(self):
        return True


def connection(*incoming):
    waiting = list(incoming)
    sent = []

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    scope = {
        "method": "POST",
        "path": "/v1/x",
        "headers": [(b"x-a", b"1")],
        "extensions": {TRANSPORT: {"transport": Transport()}},
    }
    return Connection(scope, receive, send), sent


def piece(body, *, more):
    return {"type": "http.request", "body": body, "more_body": more}


GONE = {"type": "http.disconnect"}


def test_a_body_is_put_together_from_its_pieces():
    exchange, _ = connection(piece(b"ab", more=True), piece(b"", more=True), piece(b"c", more=False))
    assert asyncio.run(exchange.body(10)) == b"abc"
    assert exchange.headers == {"x-a": "1"}


def test_a_client_that_leaves_inside_its_body_has_sent_no_request():
    exchange, _ = connection(piece(b"ab", more=True), GONE)
    with pytest.raises(Left):
        asyncio.run(exchange.body(10))


def test_a_body_beyond_the_limit_is_not_read_to_its_end():
    exchange, _ = connection(piece(b"abcdef", more=True), piece(b"abcdef", more=True), GONE)
    with pytest.raises(BodyTooLarge):
        asyncio.run(exchange.body(10))


def test_a_whole_answer_names_its_length():
    exchange, sent = connection()
    asyncio.run(exchange.whole(200, [(b"a", b"b")], b"xyz"))
    assert sent == [
        {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b"), (b"content-length", b"3")]},
        {"type": "http.response.body", "body": b"xyz", "more_body": False},
    ]
    assert exchange.status == 200


def test_a_connection_that_is_gone_is_not_reset_again():
    exchange, sent = connection()
    asyncio.run(exchange.reset())
    assert sent == []


def test_waiting_ends_when_the_client_leaves():
    exchange, _ = connection(piece(b"", more=False), GONE)
    asyncio.run(exchange.until_gone())
