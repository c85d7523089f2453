"""The form of a seal: read back as it was written, and refused where it is not one."""

import msgspec
import pytest

from farthing.domain.seal import Body, Seal, Signature

SEAL = Seal(
    body=Body(
        ledger="l",
        number=1,
        first=1,
        last=2,
        links=2,
        entries={},
        head="",
        before="",
        sealed_ms=1,
        through_call=0,
        through_event=0,
        totals=(),
        balances="",
    ),
    signature=Signature(kind="ed25519", key="", value=""),
)


def test_a_seal_is_read_back_as_it_was_written():
    assert msgspec.json.decode(msgspec.json.encode(SEAL), type=Seal) == SEAL
    assert SEAL.body.farthing_seal == 1


def test_another_kind_of_signature_is_none():
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(SEAL).replace(b"ed25519", b"crc32"), type=Seal)
