"""Entries: packed and read again, and no row has another's digest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.audit.entry import DIGEST_BYTES, GROUP, Entry, Kind, counts, digest, number_of, pack, unpack

VALUES = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20) | st.binary(max_size=20)


@given(
    st.lists(st.tuples(st.sampled_from(Kind), st.integers(-(2**63), 2**63 - 1), st.binary(min_size=16, max_size=16)))
)
def test_what_is_packed_is_read(entries):
    assert list(unpack(b"".join(pack(*entry) for entry in entries))) == [Entry(*entry) for entry in entries]


@given(st.lists(VALUES, max_size=6), st.lists(VALUES, max_size=6))
def test_other_rows_have_other_digests(one, other):
    assert (digest(one) == digest(other)) == (one == other)


def test_a_salt_makes_a_digest_another():
    assert digest(("a",), b"salt") != digest(("a",))
    assert len(digest(("a",))) == DIGEST_BYTES


def test_what_is_cut_or_unknown_is_said():
    with pytest.raises(ValueError, match="no whole number"):
        list(unpack(b"x"))
    with pytest.raises(ValueError, match="kind 63"):
        list(unpack(pack(63, 1, b"")))


def test_ends_of_an_attempt_are_one_group():
    ends = (Kind.SETTLED, Kind.LOST, Kind.VOIDED, Kind.ESTIMATED, Kind.CORRECTED)
    assert {GROUP[kind] for kind in ends} == {Kind.SETTLED}


def test_names_have_numbers_and_kinds_are_counted():
    assert number_of("a", "b") != number_of("ab", "")
    assert counts([Entry(Kind.LOST, 1, b""), Entry(Kind.LOST, 2, b""), Entry(Kind.OPENED, 3, b"")]) == {
        "lost": 2,
        "opened": 1,
    }
