"""Answers parsed from values: any split gives the same answer, and no bytes at all can do harm."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from farthing.providers.incoming import Incoming
from farthing.providers.limits import Limits
from support.rawserver import OK, answer, chunked

LIMITS = Limits()
WHOLE = [
    answer(b"hello", b"X-A: 1", b"X-A: 2"),
    OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"one", b"two" * 50),
    b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"after"),
    OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi",
    OK + b"\r\nuntil the end",
]


def parse(*pieces, limits=LIMITS, bodiless=False, end=True):
    incoming = Incoming(limits, bodiless=bodiless)
    for piece in pieces:
        incoming.feed(piece)
    if end:
        incoming.end()
    return incoming


def facts(incoming):
    return (
        incoming.status,
        incoming.headers,
        incoming.complete,
        bool(incoming.flaw),
        incoming.reusable,
        b"".join(incoming.pieces),
        incoming.unread,
    )


def cut(data, places):
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:stop] for start, stop in pairwise(edges)]


@given(st.sampled_from(WHOLE), st.lists(st.integers(0, 1000), max_size=20))
def test_however_an_answer_is_split_it_is_the_same(reply, places):
    split = parse(*cut(reply, places))
    assert facts(split) == facts(parse(reply))
    assert split.complete
    assert not split.flaw


@given(st.sampled_from(WHOLE), st.binary(min_size=1, max_size=40), st.lists(st.integers(0, 1000), max_size=5))
def test_whatever_follows_an_answer_changes_nothing_of_it_and_ends_the_connection(reply, more, places):
    alone = parse(reply, end=False)
    if not alone.complete:
        return  # lasts until the connection ends: what follows is part of it
    followed = parse(*cut(reply, places), more, end=False)
    assert not followed.reusable
    assert (followed.pieces and b"".join(followed.pieces)) == (alone.pieces and b"".join(alone.pieces))
    assert followed.headers == alone.headers
    assert not followed.flaw


@pytest.mark.parametrize("more", [b"H", b"HTTP/1.1 200 OK\r\n", answer(b"second"), b"x"])
def test_a_second_answer_in_the_same_bytes_is_seen(more):
    incoming = parse(answer(b"first") + more, end=False)
    assert incoming.complete
    assert not incoming.reusable
    assert incoming.take() == b"first"
    assert dict(incoming.headers)[b"content-length"] == b"5"


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
@example(b"", [])
@example(OK + b"\r\n", [])
def test_any_bytes_end_as_an_answer_or_a_flaw(data, places):
    incoming = parse(*cut(data, places))
    assert incoming.complete != bool(incoming.flaw)
    assert incoming.unread == sum(map(len, incoming.pieces))


@given(st.sampled_from(WHOLE), st.data())
def test_any_damaged_answer_ends_as_an_answer_or_a_flaw(reply, data):
    place = data.draw(st.integers(0, len(reply)))
    damaged = reply[:place] + data.draw(st.binary(max_size=6)) + reply[place + data.draw(st.integers(0, 6)) :]
    incoming = parse(*cut(damaged, data.draw(st.lists(st.integers(0, 500), max_size=4))))
    assert incoming.complete != bool(incoming.flaw)


@given(st.sampled_from(WHOLE[:4]), st.data())
def test_an_answer_that_is_cut_is_a_flaw(reply, data):
    incoming = parse(reply[: data.draw(st.integers(0, len(reply) - 1))])
    assert incoming.flaw
    assert not incoming.complete
    assert not incoming.reusable


def test_interim_answers_leave_no_trace():
    incoming = parse(b"HTTP/1.1 103 Early\r\nLink: x\r\nConnection: x-gone\r\n\r\n" + answer(b"", b"X-Gone: no"))
    assert (incoming.status, incoming.headers) == (200, [(b"x-gone", b"no"), (b"content-length", b"0")])


def test_switching_protocols_was_not_asked_for():
    assert parse(b"HTTP/1.1 101 Switch\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n").flaw


def test_a_body_after_the_answer_to_head_ends_the_connection():
    incoming = parse(answer(b"not wanted"), bodiless=True, end=False)
    assert incoming.complete
    assert not incoming.pieces
    assert not incoming.reusable


def test_a_transfer_coding_that_would_have_to_be_undone_is_a_flaw():
    assert parse(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n").flaw


@pytest.mark.parametrize(
    "flood",
    [
        OK + b"X: " + b"y" * 5000,
        OK + b"X: y\r\n" * 30,
        b"HTTP/1.1 100 Again\r\n\r\n" * 200,
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"y" * 5000,
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 500,
        OK + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"e" * 5000,
    ],
)
@pytest.mark.parametrize("step", [1, 100])
def test_heads_trailers_and_framing_have_their_limits(flood, step):
    limits = Limits(head_bytes=1000, headers=20)
    incoming = Incoming(limits)
    for start in range(0, len(flood), step):
        incoming.feed(flood[start : start + step])
        if incoming.flaw:
            break
    assert "sent more than" in incoming.flaw
    assert start <= len(OK) + 1200 + 2 * step + 60


@pytest.mark.parametrize("body", [b"", b"x" * 5000])
def test_a_head_has_its_limit_even_where_its_body_comes_along(body):
    limits = Limits(head_bytes=1000)
    assert not parse(answer(body, b"X: " + b"y" * 900), limits=limits).flaw
    assert "more than 1000 bytes of headers" in parse(answer(body, b"X: " + b"y" * 1000), limits=limits).flaw


def test_headers_are_counted_even_where_their_end_comes_along():
    limits = Limits(headers=20)
    assert not parse(answer(b"x", *[b"X: y"] * 19), limits=limits).flaw
    assert "more than 20 headers" in parse(answer(b"x", *[b"X: y"] * 20), limits=limits).flaw


@pytest.mark.parametrize("named", [b"content-length", b"X, Content-Length", b"close, content-length"])
def test_the_length_of_a_body_is_kept_whatever_connection_names(named):
    head = OK + b"Connection: " + named + b"\r\nX: y\r\nContent-Length: 10\r\n\r\n"
    assert parse(head + b"half").flaw
    whole = parse(head + b"0123456789")
    assert whole.complete
    assert whole.declared == 10
    assert (b"content-length", b"10") in whole.headers


def test_trailers_are_not_headers():
    incoming = parse(OK + b"Transfer-Encoding: chunked\r\nX: 1\r\n\r\n2\r\nhi\r\n0\r\nX: 2\r\nConnection: x\r\n\r\n")
    assert incoming.complete
    assert incoming.headers == [(b"x", b"1")]
    assert incoming.reusable


def test_pieces_may_lie_in_a_buffer_that_is_filled_again():
    buffer = memoryview(bytearray(200))
    incoming = Incoming(LIMITS)
    for piece in (OK + b"X: y\r\nContent-Length: 6\r\n\r\none", b"two"):
        buffer[: len(piece)] = piece
        incoming.feed(buffer[: len(piece)])
        buffer[:] = bytes(200)
    assert incoming.headers == [(b"x", b"y"), (b"content-length", b"6")]
    assert incoming.take() == b"onetwo"


def test_a_long_stream_of_tiny_writes_is_not_taken_for_a_flood():
    incoming = parse(OK + b"Transfer-Encoding: chunked\r\n\r\n", limits=Limits(head_bytes=200), end=False)
    for _ in range(500):
        for byte in b"1\r\nx\r\n":
            incoming.feed(bytes([byte]))
    assert not incoming.flaw
    assert incoming.take() == b"x" * 500


def test_what_was_dropped_takes_nothing_more():
    incoming = parse(OK + b"Content-Length: 9\r\n\r\nhalf", end=False)
    incoming.drop("was given up")
    incoming.feed(b"more!")
    assert (incoming.flaw, incoming.take(), incoming.complete) == ("was given up", b"half", False)
