"""Cut by cut or at once, a parser sees the same messages; and what could be two is none."""

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.gateway.framing import ChunkedEnd, Framing, NotHttp
from farthing.gateway.head import HeadReader
from support.rawclient import chunks, request

TE = b"Transfer-Encoding: chunked"


def begun(data):
    """A framing that was fed a head, and what follows it."""
    block, _, rest = data.partition(b"\r\n\r\n")
    framing = Framing()
    head = HeadReader(100).read(block)
    framing.head(block + b"\r\n\r\n", ends=not head.length and not head.constant.chunked)
    framing.expect_body(head)
    return framing, rest


def test_a_request_that_is_all_here_is_one_cut():
    framing = Framing()
    for body in (b"hello", b"", b"you"):
        assert framing.head(request(body=body), ends=True) is False
        assert b"".join(framing.pieces) == body
        assert (framing.ended, framing.keeps, framing.size) == (True, True, len(body))


def test_a_body_is_taken_as_far_as_it_goes_and_not_further():
    framing, rest = begun(request(body=b"hello"))
    assert framing.body(rest[:2]) == 2
    assert not framing.ended
    assert framing.body(rest[2:] + b"GET / HTTP/1.1") == 3
    assert (framing.ended, framing.pieces) == (True, [b"he", b"llo"])


@pytest.mark.parametrize("told", [True, False])
def test_an_end_elsewhere_than_announced_is_refused(told):
    with pytest.raises(NotHttp):
        Framing().head(request(body=b"hello")[: None if not told else -1], ends=told)


def test_two_messages_in_one_cut_are_refused():
    with pytest.raises(NotHttp):
        Framing().head(request() + request(), ends=True)
    with pytest.raises(NotHttp):
        Framing().head(request() + b"G", ends=True)


def test_a_head_that_is_whole_is_no_part_of_one():
    framing = Framing()
    framing.part_of_head(b"GET / HT")
    with pytest.raises(NotHttp):
        framing.part_of_head(b"TP/1.1\r\nHost: a\r\n\r\n")


def test_nonsense_is_told_at_once():
    with pytest.raises(NotHttp):
        Framing().part_of_head(b"\x16\x03\x01\x02\x00")


def test_another_protocol_ends_what_can_be_read():
    offer = request(b"Connection: Upgrade", b"Upgrade: h2c", method=b"GET", body=b"")
    assert Framing().head(offer, ends=True) is True


def test_a_trailer_is_no_header_and_no_body():
    framing, rest = begun(request(TE, length=False, body=b"2\r\n{}\r\n0\r\nAuthorization: Bearer a\r\n\r\nGET /"))
    while not framing.ended:
        rest = rest[framing.body(rest) :]
    assert (framing.pieces, rest) == ([b"{}"], b"GET /")


PIECES = st.lists(st.text("\r\na0;", min_size=1, max_size=9).map(str.encode), max_size=6)
ENDS = st.sampled_from(
    [b"0\r\n\r\n", b"0;x=y\r\n\r\n", b"000\r\n\r\n", b"0\r\nX-A:\r\n\r\n", b"0\r\nX-A: b\r\nX-B: c\r\n\r\n"]
)


@given(PIECES, ENDS, st.lists(st.integers(1, 12), max_size=30))
def test_the_end_of_a_chunked_body_is_always_the_end_of_a_cut(pieces, end, reads):
    body = chunks(*pieces)[:-5] + end
    following = b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"
    framing, rest = begun(request(TE, length=False, body=b"") + body + following)
    assert rest == body + following
    while rest and not framing.ended:
        now = rest[: reads.pop() if reads else None]
        rest = rest[framing.body(now) :]
    assert framing.ended
    assert b"".join(framing.pieces) == b"".join(pieces)
    assert rest == following


def test_a_cut_is_behind_each_empty_line_wherever_reads_end():
    data = b"ab\r\n\r\ncd"
    for at in range(1, len(data)):
        end, cuts = ChunkedEnd(), []
        for read in (data[:at], data[at:]):
            done = 0
            while done < len(read):
                cuts.append(end.cut(read[done:]))
                done += cuts[-1]
        assert 6 in [sum(cuts[:n]) for n in range(len(cuts) + 1)]


LENGTHS = st.sampled_from(
    [
        b"Content-Length: 2", b"content-length:\t2 ", b"Content-Length: 02", b"Content-Length: 3", b"Content-Length: +2", b"Content-Length: 2,2",
        b"Content-Length:", b"Content-Length", b"Content-Length : 2", b" Content-Length: 2", b"Connection: close", b"Upgrade: h2c",
    ]
)  # fmt: skip
LABELS = st.sampled_from(
    [b"", b" ", b": ", b":a=b", b": a=b \t", b": a:b", b" : a", b": a\tb", b": \xff", b": \x00", b": \x7f", b": a\rb", b": a\nb"]
).map(b"X-Farthing-Labels".__add__)  # fmt: skip


@given(st.lists(st.tuples(LENGTHS, LABELS | LENGTHS), max_size=4))
def test_of_a_head_that_is_known_the_parser_would_say_what_it_said_before(heads):
    reader, before = HeadReader(100), None
    for length, labels in [(b"Content-Length: 2", b"X-Farthing-Labels: a=b"), *heads]:
        block = b"\r\n".join([b"POST / HTTP/1.1", b"Host: a", length, labels])
        head, now = reader.read(block), Framing()
        body = b"{ }"[: head.length]
        fits = taken(now, block, body)
        if not reader.known and (head.constant.problem or not fits):
            return  # the connection ends here
        if reader.known:
            assert fits
            before.again(body)
            assert [before.pieces, before.size, before.ended, before.keeps] == [
                now.pieces,
                now.size,
                now.ended,
                now.keeps,
            ]
        before = now


def taken(framing, block, body):
    """Whether the parser takes this whole message and goes on."""
    try:
        return not framing.head(block + b"\r\n\r\n" + body, ends=True)
    except NotHttp:
        return False


class Seen:
    """What the parser itself says of bytes that it is fed at once."""

    def __init__(self, data):
        self.bodies, self.body = [], b""
        try:
            httptools.HttpRequestParser(self).feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.bodies.append("refused")

    def on_message_begin(self):
        self.body = b""

    def on_body(self, piece):
        self.body += piece

    def on_message_complete(self):
        self.bodies.append(self.body)


def test_the_parser_agrees_about_pipelined_bodies():
    data = request(TE, length=False, body=chunks(b"a\r\n\r\nb")) + request(body=b"c")
    assert Seen(data).bodies == [b"a\r\n\r\nb", b"c"]
