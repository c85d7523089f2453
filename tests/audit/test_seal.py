"""Seals: signed, read again byte by byte, and nothing in them can be changed."""

import msgspec
import pytest

from farthing.audit.seal import ED25519, HMAC, canonical, document, read_seal, sign, signature_flaw
from farthing.domain.seal import Body, Total

SECRET, SEED = b"s" * 32, b"k" * 32
BODY = Body(
    ledger="l",
    number=1,
    first=1,
    last=9,
    links=9,
    entries={"opened": 4, "closed": 3},
    head="ab",
    before="",
    sealed_ms=5,
    through_call=7,
    through_event=2,
    totals=(Total(unit="usd", accounts=1, posted=5, held=0, unknown=0),),
    balances="cd",
)


@pytest.mark.parametrize(("seed", "kind"), [(None, HMAC), (SEED, ED25519)])
def test_a_seal_says_who_vouches_for_it_and_holds(seed, kind):
    seal = sign(BODY, SECRET, seed)
    assert seal.signature.kind == kind
    assert signature_flaw(read_seal(document(seal)), SECRET) == ""
    assert document(read_seal(document(seal))) == document(seal)


@pytest.mark.parametrize("seed", [None, SEED])
@pytest.mark.parametrize(
    "change", [{"last": 8}, {"head": "ac"}, {"entries": {"opened": 5, "closed": 3}}, {"totals": ()}]
)
def test_a_seal_that_was_changed_is_found(seed, change):
    seal = sign(BODY, SECRET, seed)
    changed = msgspec.structs.replace(seal, body=msgspec.structs.replace(BODY, **change))
    assert "does not fit" in signature_flaw(changed, SECRET)


def test_anybody_can_check_ed25519_and_nobody_else_hmac():
    assert signature_flaw(sign(BODY, SECRET, SEED), b"another") == ""
    assert "another installation" in signature_flaw(sign(BODY, SECRET, None), b"another")


def test_what_is_signed_does_not_depend_on_the_order_of_its_making():
    other = msgspec.structs.replace(BODY, entries={"closed": 3, "opened": 4})
    assert canonical(other) == canonical(BODY)


def test_what_is_no_seal_is_said():
    with pytest.raises(ValueError, match="no seal"):
        read_seal("{}")
