"""What decoders of providers' answers may raise."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.wire.lenient import NOTHING, UNREADABLE


class Answer(msgspec.Struct):
    id: str | None = None
    part: msgspec.Raw = NOTHING


decode = msgspec.json.Decoder(Answer).decode


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"id":"\xff"}', b'{"id":5}', b'{"x":' + b"[" * 100_000])
def test_hostile_bytes_raise_one_of_the_named_errors(body):
    with pytest.raises(UNREADABLE):
        decode(body)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body):
    with suppress(UNREADABLE):
        decode(body)


@pytest.mark.parametrize("body", [b"{}", b'{"part":null}', b'{"part" : null }'])
def test_absent_and_null_are_nothing(body):
    assert decode(body).part == NOTHING
