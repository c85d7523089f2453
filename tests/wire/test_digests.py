"""Keyed hashes, and what is remembered of them."""

from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from farthing.wire.digests import MOST_REMEMBERED, Remembered, digest, digest_of, hashed


def test_a_digest_depends_on_key_values_and_their_borders():
    assert digest(b"k", "ab") == digest(b"k", "ab")
    assert len({digest(b"k", "ab"), digest(b"j", "ab"), digest(b"k", "a", "b"), digest(b"k", ["a", "b"])}) == 4
    assert len(digest(b"k", {})) == 16


def test_a_digest_of_json_is_that_of_its_bytes():
    assert digest(b"k", {"a": "ä"}) == digest_of(b"k", '{"a":"ä"}'.encode())
    assert digest_of(b"k", b"x") == blake2b(b"x", digest_size=8, key=b"k").hexdigest() != digest_of(b"j", b"x")


@given(st.binary(), st.binary(min_size=1, max_size=64))
def test_what_is_remembered_is_what_would_be_hashed(written, key):
    fresh = blake2b(written, digest_size=8, key=key).hexdigest()
    assert digest_of(key, written) == digest_of(key, bytes(bytearray(written))) == hashed(key, written) == fresh


def test_a_full_memory_begins_anew():
    memory: Remembered[str] = Remembered()
    for at in range(MOST_REMEMBERED):
        assert memory.keep((at,), "old") == "old"
    assert len(memory) == MOST_REMEMBERED
    memory.keep(("one more",), "new")
    assert memory == {("one more",): "new"}
