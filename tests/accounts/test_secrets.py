"""Secrets: made of the chance they are given, kept as digests, found without telling how close a guess was."""

import string
import sys
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.accounts.secrets import digest, find, index, issue, public_id
from farthing.domain.key import Key

CHANCE = bytes(range(37))


def key_of(secret: str, id: str = "", **fields) -> Key:
    return Key(id=id or public_id(secret) or "named", name="n", digest=digest(secret), **fields)


def test_a_secret_has_a_public_part_and_256_bits_that_are_not():
    issued = issue(CHANCE)
    assert issued.secret.startswith(f"fk_{issued.id}_")
    assert len(issued.id) == 8
    assert len(issued.secret.removeprefix(f"fk_{issued.id}_")) == 52  # 52 letters of 5 bits hold 256
    assert set(issued.secret) <= set(string.ascii_lowercase + string.digits + "_")


@given(st.binary(min_size=37, max_size=37), st.binary(min_size=37, max_size=37))
def test_other_chance_makes_another_secret(one, other):
    assert (issue(one).secret == issue(other).secret) == (one == other)
    assert public_id(issue(one).secret) == issue(one).id


def test_too_little_chance_is_a_mistake_of_ours():
    with pytest.raises(AssertionError, match="37"):
        issue(b"short")


def test_an_issued_secret_does_not_show_itself():
    assert issue(CHANCE).secret not in repr(issue(CHANCE))


def test_what_is_kept_is_the_digest_of_the_whole():
    assert digest("fk_a_b") == sha256(b"fk_a_b").hexdigest()


def test_a_key_is_found_by_its_secret_and_by_nothing_less():
    issued = issue(CHANCE)
    keys = index([key_of(issued.secret)])
    assert find(keys, issued.secret) == key_of(issued.secret)
    for wrong in (
        "",
        "fk_",
        issued.id,
        issued.secret[:-1],
        issued.secret + "a",
        issued.secret.upper(),
        f"fk_{issued.id}_",
    ):
        assert find(keys, wrong) is None


def test_a_secret_named_by_the_file_is_found_whatever_it_looks_like():
    for secret in ("correct horse battery staple", "fk_looks_like_ours", "fk_x", "sk-proj-123_456"):
        assert find(index([key_of(secret, id="support bot")]), secret) is not None


def test_neither_a_digest_nor_a_name_opens_anything():
    key = key_of("correct horse battery staple", id="bot")
    for wrong in (key.digest, key.id, f"fk_{key.id}_x", f"fk_{key.digest}_x"):
        assert find(index([key]), wrong) is None


def test_a_revoked_key_is_not_found():
    issued = issue(CHANCE)
    assert find(index([key_of(issued.secret, revoked_ms=1)]), issued.secret) is None


def test_a_header_that_is_no_text_is_only_a_wrong_secret():
    assert find(index([key_of("x" * 20)]), "\udcff\x00") is None


def _work(keys, presented) -> list[str]:
    """The names of all functions that finding this secret calls, in order."""
    seen = []
    sys.setprofile(lambda _, event, what: seen.append(getattr(what, "__name__", event)) if event == "c_call" else None)
    try:
        find(keys, presented)
    finally:
        sys.setprofile(None)
    return seen


def test_an_unknown_id_costs_the_same_work_as_a_wrong_secret():
    issued = issue(CHANCE)
    keys = index([key_of(issued.secret)])
    wrong_secret = f"fk_{issued.id}_{'a' * 52}"
    unknown_id = f"fk_{'z' * 8}_{'a' * 52}"
    assert _work(keys, unknown_id) == _work(keys, wrong_secret)
    assert any("compare" in name for name in _work(keys, unknown_id))
