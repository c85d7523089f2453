"""The exchange between the engine's loop and whoever has the sockets."""

import asyncio

import pytest

from farthing.domain.errors import Ambiguous
from farthing.ports.upstream import Outbound
from farthing.sdk.exchange import Begin, Done, Exchange, More, Piece, Pour, Send, Whole

REQUEST = Outbound(origin="https://x", target="/v1")


def on_a_loop(act):
    async def run():
        asked = []
        exchange = Exchange(asyncio.get_running_loop(), asked.append, 1_000)
        await act(exchange, asked)

    asyncio.run(run())


async def answering(exchange, asked):
    sending = asyncio.ensure_future(exchange.send(REQUEST))
    await asyncio.sleep(0)
    assert asked.pop() == Send(REQUEST)
    exchange.began(200, [], None)
    await sending


def test_what_the_engine_asks_is_answered_by_the_other_side():
    async def act(exchange, asked):
        await answering(exchange, asked)
        assert exchange.status == 200
        reading = asyncio.ensure_future(exchange.read())
        await asyncio.sleep(0)
        assert isinstance(asked.pop(), More)
        assert exchange.unanswered
        exchange.read_on(b"piece")
        assert await reading == b"piece"
        assert not exchange.unanswered

    on_a_loop(act)


def test_pieces_are_handed_on_without_a_word_to_the_engine():
    async def act(exchange, asked):
        await answering(exchange, asked)
        pouring = asyncio.ensure_future(exchange.pour(lambda piece: exchange.write(piece.upper())))
        await asyncio.sleep(0)
        pour = asked.pop()
        assert isinstance(pour, Pour)
        assert exchange.take(pour.take, b"a") == ([b"A"], True)
        exchange.poured(at_end=True)
        assert await pouring

    on_a_loop(act)


def test_an_answer_that_was_given_up_is_not_taken_any_more():
    async def act(exchange, asked):
        await answering(exchange, asked)
        pouring = asyncio.ensure_future(exchange.pour(lambda _: True))
        await asyncio.sleep(0)
        pour = asked.pop()
        exchange.abort()
        assert exchange.take(pour.take, b"a") == ([], False)
        with pytest.raises(Ambiguous):
            await pouring

    on_a_loop(act)


def test_whoever_takes_a_piece_may_give_up():
    async def act(exchange, asked):
        await answering(exchange, asked)

        def take(_):
            exchange.abort()
            return False

        pouring = asyncio.ensure_future(exchange.pour(take))
        await asyncio.sleep(0)
        assert exchange.take(asked.pop().take, b"a") == ([], False)
        with pytest.raises(Ambiguous):
            await pouring

    on_a_loop(act)


def test_a_cancelled_engine_takes_no_piece_any_more():
    async def act(exchange, asked):
        await answering(exchange, asked)
        pouring = asyncio.ensure_future(exchange.pour(lambda _: True))
        await asyncio.sleep(0)
        pouring.cancel()
        await asyncio.gather(pouring, return_exceptions=True)
        assert exchange.take(asked.pop().take, b"a") == ([], False)

    on_a_loop(act)


def test_leaving_is_told_once_and_also_to_those_who_ask_later():
    async def act(exchange, _):
        told = []
        exchange.when_gone(lambda: told.append(1))
        exchange.leave()
        exchange.leave()
        await exchange.left()
        assert exchange.gone
        assert told == [1]
        exchange.when_gone(lambda: told.append(2))
        assert told == [1, 2]

    on_a_loop(act)


def test_an_answer_longer_than_allowed_is_given_up():
    async def act(exchange, asked):
        sending = asyncio.ensure_future(exchange.send(REQUEST))
        await asyncio.sleep(0)
        exchange.began(200, [], b"x" * 11)
        await sending
        with pytest.raises(Ambiguous, match="longer than 10"):
            await exchange.read_all(10)

    on_a_loop(act)


def test_the_users_answer_goes_to_the_other_side():
    async def act(exchange, asked):
        await exchange.head(200, [])
        await exchange.body(b"x")
        await exchange.end(b"y")
        exchange.over(None)
        assert asked == [Begin(200, []), Piece(b"x"), Done(complete=True, last=b"y")]

    on_a_loop(act)


def test_a_whole_answer_comes_with_the_word_that_the_call_is_over():
    async def act(exchange, asked):
        await exchange.whole(200, [(b"a", b"b")], b"body")
        assert not asked
        exchange.over(None)
        assert asked == [Done(complete=True, answer=Whole(200, [(b"a", b"b")], b"body"))]

    on_a_loop(act)


def test_what_follows_the_end_of_a_stream_is_not_asked_for():
    async def act(exchange, asked):
        await answering(exchange, asked)
        await exchange.end(b"last")
        assert await exchange.read() == b""
        assert not asked

    on_a_loop(act)
