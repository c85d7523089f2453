"""Links: each holds on to the one before it, and every field of it counts."""

import msgspec
import pytest

from farthing.audit.link import Head, flaws, forge

FIRST = forge(Head(), at_ms=5, kind="batch", count=1, entries=b"one")
SECOND = forge(Head(FIRST.seq, FIRST.hash), at_ms=6, kind="change", count=2, entries=b"two")


def test_a_chain_that_was_not_touched_holds():
    assert flaws(FIRST, Head()) == []
    assert flaws(SECOND, Head(FIRST.seq, FIRST.hash)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 3}, {"at_ms": 7}, {"kind": "seal"}, {"kind": "else"}, {"count": 3}, {"prev": b"x" * 32},
        {"root": b"x" * 32}, {"hash": b"x" * 32}, {"entries": b"twO"},
    ],
)  # fmt: skip
def test_every_field_counts(change):
    assert flaws(msgspec.structs.replace(SECOND, **change), Head(FIRST.seq, FIRST.hash))


def test_a_link_that_is_missing_is_named():
    third = forge(Head(SECOND.seq, SECOND.hash), at_ms=7, kind="batch", count=0, entries=b"")
    assert "link 2 is missing" in flaws(third, Head(FIRST.seq, FIRST.hash))
