"""Signatures: what a receiver accepts, and what it must not."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.notify.signature import TOLERANCE_SECONDS, sign, verify

SECRET, BODY, AT = b"a secret of this installation", b'{"alert":1}', 1_800_000_000


def test_the_digest_is_of_the_time_a_point_and_the_body():
    expected = hmac.new(SECRET, b"1800000000." + BODY, hashlib.sha256).hexdigest()
    assert sign(SECRET, AT, BODY) == f"t=1800000000,v1={expected}"


def test_what_was_signed_is_accepted():
    assert verify(SECRET, sign(SECRET, AT, BODY), BODY, AT + TOLERANCE_SECONDS)
    assert verify(SECRET, sign(SECRET, AT, BODY), BODY, AT - TOLERANCE_SECONDS)


def test_another_secret_body_or_time_is_not():
    header = sign(SECRET, AT, BODY)
    assert not verify(b"another", header, BODY, AT)
    assert not verify(SECRET, header, BODY + b" ", AT)
    assert not verify(SECRET, header.replace("t=18", "t=17"), BODY, AT)
    assert not verify(SECRET, header, BODY, AT + TOLERANCE_SECONDS + 1)
    assert not verify(SECRET, header, BODY, AT - TOLERANCE_SECONDS - 1)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        "v1=",
        "t=1800000000",
        "t=1800000000,v1=",
        "t=x,v1=y",
        "t=1e9,v1=",
        "t=-1,v1=",
        "t=\u0661,v1=",
        "t=9" * 99,
    ],
)
def test_a_header_that_is_none_is_refused(header):
    assert not verify(SECRET, header, BODY, AT)


@given(st.text(max_size=80))
def test_nobody_guesses_a_header(header):
    assert not verify(SECRET, header, BODY, AT)


@given(st.integers(0, 63), st.sampled_from("0123456789abcdef"))
def test_one_wrong_digit_is_enough(place, digit):
    header = sign(SECRET, AT, BODY)
    start = header.index("v1=") + 3 + place
    forged = header[:start] + digit + header[start + 1 :]
    assert verify(SECRET, forged, BODY, AT) is (forged == header)
