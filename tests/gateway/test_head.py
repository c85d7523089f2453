"""What a head says, and that what is remembered of the one before never changes what the next one says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.gateway.head import HeadReader

PLAIN = [b"POST /v1/chat/completions HTTP/1.1", b"Host: localhost", b"Content-Length: 2"]


def read(*lines, reader=None, most=100):
    return (reader or HeadReader(most)).read(b"\r\n".join(lines))


def said(head):
    """All that a head says."""
    constant = head.constant
    every = [getattr(constant, name) for name in constant.__slots__ if name != "asker"]
    return head.headers, head.named, head.length, every


def problem(*lines, most=100):
    return read(*PLAIN, *lines, most=most).constant.problem


def test_names_are_lower_case_and_values_stripped():
    head = read(*PLAIN, b"X-A: \t b c \t", b"X-Empty:", b"X-B:d:e")
    assert head.headers[2:] == [(b"x-a", b"b c"), (b"x-empty", b""), (b"x-b", b"d:e")]
    assert (head.length, head.named[b"host"], head.constant.method) == (2, b"localhost", "POST")


@pytest.mark.parametrize(
    ("target", "path", "raw_path", "query"),
    [
        (b"/a/b", "/a/b", b"/a/b", b""),
        (b"/a%20b?c=d%20?e", "/a b", b"/a%20b", b"c=d%20?e"),
        (b"http://localhost:1/a?b", "/a", b"/a", b"b"),
        (b"/\xff", "/\xff", b"/\xff", b""),
        (b"//a", "//a", b"//a", b""),
    ],
)
def test_a_target_is_a_path_and_a_query(target, path, raw_path, query):
    constant = read(b"GET " + target + b" HTTP/1.1", b"Host: a").constant
    assert (constant.path, constant.raw_path, constant.query) == (path, raw_path, query)
    assert constant.problem is None


@pytest.mark.parametrize("target", [b"", b"a b", b"localhost:443", b"http://"])
def test_what_is_no_path_is_a_problem(target):
    assert read(b"GET " + target + b" HTTP/1.1", b"Host: a").constant.problem[0] == 400


@pytest.mark.parametrize("version", [b"", b" HTTP/2.0", b" HTTP/0.9", b" http/1.1", b" HTTP/1.1 "])
def test_only_two_versions_are_spoken(version):
    assert read(b"GET /" + version, b"Host: a").constant.problem[0] == 400


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "Transfer-Encoding",
        "X-Api-Key",
        "X-Goog-Api-Key",
        "X-Farthing-Labels",
    ],
)
def test_what_may_be_said_once_is_said_once(name):
    line = name.encode() + b": a"
    assert problem(line) is None
    assert problem(line, line.lower()) == (400, b"the header " + name.lower().encode() + b" is given twice")


def test_hosts_and_lengths_are_said_once_and_a_host_at_least_once():
    assert problem(b"HOST: localhost")[0] == 400
    assert problem(b"content-length: 2")[0] == 400
    assert read(b"GET / HTTP/1.1").constant.problem == (400, b"exactly one Host header is required")
    assert read(b"GET / HTTP/1.1", b"Host: a/b").constant.problem[0] == 400


def test_an_underscore_hides_another_header_and_is_refused_but_for_a_known_clients():
    assert problem(b"X_Api_Key: a")[0] == 400
    assert problem(b"session_id: a") is None


def test_headers_are_counted():
    assert problem(*[b"X-%d: a" % n for n in range(8)], most=10) is None
    assert problem(*[b"X-%d: a" % n for n in range(9)], most=10)[0] == 431


@pytest.mark.parametrize("length", [b"", b"-1", b"+2", b"1e1", b"2 2", b"\xd9\xa3", b"9" * 20, b"9" * 5_000])
def test_what_is_no_length_is_none(length):
    assert read(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: " + length).length == 0


@pytest.mark.parametrize("line", [b"X-A: b\nX-C: d", b"X-A: b\rc", b"\n", b"X-A: b\r"])
def test_a_line_break_of_another_kind_is_a_problem_also_in_a_line_that_varies(line):
    assert problem(line)[0] == 400
    reader = HeadReader(100)
    read(*PLAIN, b"X-Farthing-Labels: a=b", reader=reader)
    varied = read(*PLAIN, b"X-Farthing-Labels: " + line, reader=reader)
    assert varied.constant.problem[0] == 400


def test_what_varies_is_new_and_the_rest_is_kept():
    reader = HeadReader(100)
    first = read(*PLAIN, b"X-Farthing-Labels: a=b", reader=reader)
    second = read(*PLAIN[:2], b"Content-Length: 30", b"x-farthing-labels:a=c", reader=reader)
    assert second.constant is first.constant
    assert (second.length, second.named[b"x-farthing-labels"]) == (30, b"a=c")
    assert (first.length, first.named[b"x-farthing-labels"]) == (2, b"a=b")
    assert read(*PLAIN[:2], b"Content-Length: 30", b"x-farthing-labels:a=c", reader=reader) is second


def test_a_head_is_known_where_nothing_but_plain_values_of_varying_lines_are_new():
    reader = HeadReader(100)
    label = b"X-Farthing-Labels: a="
    assert [known(reader, *PLAIN, label + end) for end in (b"b", b"b", b"c", b"\x00")] == [False, True, True, False]
    assert not known(reader, *PLAIN, b"X-A: b")
    assert not known(reader, *PLAIN, b"X-A: c")
    assert not known(reader, *PLAIN[:2], b"Content-Length: +2", b"X-A: c")


def test_a_head_with_a_problem_is_never_known():
    reader = HeadReader(100)
    assert not any(known(reader, *PLAIN, b"X_A: b") for _ in range(3))


def known(reader, *lines):
    read(*lines, reader=reader)
    return reader.known


LINES = st.sampled_from(
    [
        b"POST /v1/chat/completions HTTP/1.1", b"GET /healthz HTTP/1.0", b"Host: localhost", b"Host: evil.example",
        b"Content-Length: 2", b"content-length: 3", b"X-Farthing-Labels: team=a", b"x-farthing-labels: team=b",
        b"Idempotency-Key: a", b"idempotency-key: b", b"Authorization: Bearer a", b"Authorization: Bearer b",
        b"X-Forwarded-For: 10.0.0.7", b"Expect: 100-continue", b"Transfer-Encoding: chunked", b"X_A: b", b"X-A: b", b"X-A: c", b"",
    ]
)  # fmt: skip


@given(st.lists(st.lists(LINES, min_size=1, max_size=6), min_size=2, max_size=6))
def test_a_reader_with_a_past_reads_like_a_new_one(heads):
    reader = HeadReader(4)
    for lines in heads:
        assert said(read(*lines, reader=reader)) == said(read(*lines, most=4))
