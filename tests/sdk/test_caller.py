"""What a call's user gets of it: the answer, what broke it, or the pieces that are left."""

import gc
from datetime import timedelta

import httpx
import pytest

from farthing.domain.errors import Ambiguous
from farthing.sdk.caller import Caller
from farthing.sdk.exchange import Done, Whole


class Streams:
    def __init__(self):
        self.kept = set()
        self.add, self.discard = self.kept.add, self.kept.discard


class Engine:
    def __init__(self):
        self.streams = Streams()


class Call(Caller):
    def close(self):
        """Nothing runs."""


def call():
    made = Call(None, httpx, httpx.Request("POST", "http://x/"))
    made._engine = Engine()
    return made


def test_a_whole_answer_is_the_users_once_the_call_is_over():
    one = call()
    one._finished(Done(complete=True, answer=Whole(200, [(b"a", b"b")], b"body")))
    response = one._whole()
    assert (response.status_code, response.headers["a"], response.content) == (200, "b", b"body")


def test_what_the_clients_own_http_raised_is_raised_and_not_our_word_for_it():
    one = call()
    one._error = httpx.ReadTimeout("slow")
    one._finished(Done(complete=True, answer=Whole(502, [], b"")))
    with pytest.raises(httpx.ReadTimeout):
        one._whole()


def test_a_call_without_an_answer_says_so():
    one = call()
    one._finished(Done(complete=False))
    with pytest.raises(Ambiguous, match="without an answer"):
        one._whole()


def test_the_last_piece_comes_before_the_end():
    one = call()
    one._finished(Done(complete=True, last=b"end"))
    assert [one._last(), one._last()] == [b"end", b""]


def test_a_stream_that_broke_off_is_not_taken_for_a_whole_one():
    one = call()
    one._finished(Done(complete=False))
    with pytest.raises(httpx.RemoteProtocolError):
        one._last()
    one._left = True
    assert one._last() == b"", "who has left wants nothing"


def test_what_the_user_has_is_not_held_by_the_call_and_learns_how_long_it_took():
    one = call()
    response = one._streamed(200, [], httpx.ByteStream(b""))
    assert one in one._engine.streams.kept
    one._finished(Done(complete=True))
    assert not one._engine.streams.kept
    one._response = httpx.Response(200)
    one._response.elapsed = timedelta(seconds=2)
    one._closed()
    assert response.elapsed == timedelta(seconds=2)
    del response
    gc.collect()
    assert one._shown() is None
