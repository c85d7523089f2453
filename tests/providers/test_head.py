"""Request heads as bytes, and which headers end with a hop."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.errors import BadRequest
from farthing.ports.upstream import Outbound
from farthing.providers.head import _PREFIXES, end_to_end, named_options, render_head

ORIGIN = "https://api.example:8443"


def test_a_head_is_exactly_these_bytes():
    request = Outbound(origin=ORIGIN, target="/v1/x?y=1", headers=((b"X-A", b"1"), (b"x-b", b"")), body=b"{}")
    assert render_head(request) == (
        b"POST /v1/x?y=1 HTTP/1.1\r\nhost: api.example:8443\r\nX-A: 1\r\nx-b: \r\n"
        b"accept-encoding: identity\r\ncontent-length: 2\r\n\r\n"
    )


def test_a_get_without_a_body_names_no_length():
    head = render_head(Outbound(origin=ORIGIN, target="/v1/models", method="GET"))
    assert head == b"GET /v1/models HTTP/1.1\r\nhost: api.example:8443\r\naccept-encoding: identity\r\n\r\n"


def test_an_empty_post_says_that_it_is_empty():
    assert b"content-length: 0\r\n" in render_head(Outbound(origin=ORIGIN, target="/"))


@pytest.mark.parametrize("target", ["", "v1", "/a b", "/a\r\nb", "/é", "/\ud800", "/a\x7f", "*", "http://x/"])
def test_a_target_that_is_no_path_is_refused(target):
    with pytest.raises(BadRequest, match="path and query"):
        render_head(Outbound(origin=ORIGIN, target=target))


@pytest.mark.parametrize("method", ["", "PO ST", "CONNECT", "GET\r\n", "\u20ac"])
def test_a_method_that_is_none_is_refused(method):
    with pytest.raises(BadRequest, match="method"):
        render_head(Outbound(origin=ORIGIN, target="/", method=method))


@given(name=st.binary(max_size=8), value=st.binary(max_size=12))
def test_no_header_can_become_two_lines_or_end_the_head(name, value):
    plain = Outbound(origin=ORIGIN, target="/")
    try:
        head = render_head(Outbound(origin=ORIGIN, target="/", headers=((name, value),)))
    except BadRequest:
        return
    assert head.count(b"\r\n") == render_head(plain).count(b"\r\n") + (name.lower() != b"accept-encoding")
    assert head.count(b"\r") == head.count(b"\n") == head.count(b"\r\n")
    assert head.index(b"\r\n\r\n") == len(head) - 4
    assert b"\r\n" + name + b": " + value + b"\r\n" in head


@pytest.mark.parametrize("code", [*range(9), *range(10, 32), 127])
def test_every_control_character_but_the_tab_is_refused(code):
    with pytest.raises(BadRequest, match="control character"):
        render_head(Outbound(origin=ORIGIN, target="/", headers=((b"x", b"a" + bytes([code])),)))


@pytest.mark.parametrize("header", [(b"x-b", b"a\0"), (b"content-length", b"1")])
def test_the_header_that_cannot_be_written_is_named(header):
    with pytest.raises(BadRequest) as refused:
        render_head(Outbound(origin=ORIGIN, target="/", headers=((b"x-a", b"1"), header)))
    assert refused.value.field == header[0].decode()
    assert refused.value.status == 400


@pytest.mark.parametrize("name", [b"accept-encoding", b"Accept-Encoding", b"ACCEPT-ENCODING"])
def test_an_encoding_that_is_named_in_any_case_stands_alone(name):
    head = render_head(Outbound(origin=ORIGIN, target="/", headers=((b"x", b"1"), (name, b"gzip"))))
    assert head.lower().count(b"accept-encoding: ") == 1
    assert b"\r\naccept-encoding: gzip\r\n" in head.lower()


def test_a_value_cannot_pass_for_the_name_of_an_encoding():
    head = render_head(Outbound(origin=ORIGIN, target="/", headers=((b"x", b"accept-encoding: gzip"),)))
    assert b"\r\naccept-encoding: identity\r\n" in head


def test_a_flood_of_names_is_written_all_the_same_and_not_kept():
    for name in (
        *(b"x-%d" % number for number in range(1200)),
        *(b"x%d" % number + b"y" * 100 for number in range(20)),
    ):
        assert b"\r\n" + name + b": y\r\n" in render_head(Outbound(origin=ORIGIN, target="/", headers=((name, b"y"),)))
    assert 0 < len(_PREFIXES) <= 1024
    assert max(map(len, _PREFIXES)) <= 64


def test_what_is_remembered_of_a_head_goes_with_nothing_but_the_same_head():
    asked = [
        Outbound(origin=origin, target=target, method=method, headers=((b"authorization", key),), body=body)
        for origin, target, method, key, body in product(
            (ORIGIN, "http://b.example"), ("/a", "/b"), ("POST", "PUT"), (b"Bearer 1", b"Bearer 2"), (b"", b"{}")
        )
    ]
    heads = [render_head(request) for request in asked]
    assert len(set(heads)) == len(asked)
    assert [render_head(request) for request in asked] == heads


def test_tabs_and_high_bytes_are_text():
    assert b"x: a\tb\xff" in render_head(Outbound(origin=ORIGIN, target="/", headers=((b"x", b"a\tb\xff"),)))


def test_what_ends_with_a_hop_is_removed_from_an_answer():
    fields = [
        (b"TE", b"x"),
        (b"A", b"1"),
        (b"Connection", b"close, B"),
        (b"b", b"2"),
        (b"A", b"3"),
        (b"Upgrade", b"h2c"),
    ]
    assert end_to_end(fields) == [(b"a", b"1"), (b"a", b"3")]


def test_options_are_read_from_every_connection_header():
    assert named_options([b"Close, X-A ", b"x-b"]) == (b"close", b"x-a", b"x-b")
