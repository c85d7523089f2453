"""People in the chain: a salted commitment stands for a name, so that the name can be forgotten and the chain still holds."""

from collections.abc import Callable, Iterable
from hashlib import sha256

import msgspec

PERSONAL = frozenset({"user"})
"""Labels whose values name a person."""
SALT_BYTES = 16
ERASED = "erased:"
"""What the pseudonym of somebody who was forgotten begins with."""

_encode = msgspec.msgpack.Encoder().encode

Commitments = Callable[[str, str], bytes]
"""Label and value → what stands for it."""


def commitment(salt: bytes, label: str, value: str) -> bytes:
    """What stands for a name. Without the salt nobody can tell whether it is somebody's: not even by guessing."""
    return sha256(b"farthing subject\0" + salt + _encode((label, value))).digest()


def committed(labels: Iterable[tuple[str, str]], commitments: Commitments) -> list[tuple[str, object]]:
    """Labels as they enter the chain."""
    return [(name, commitments(name, value) if name in PERSONAL else value) for name, value in labels]


def forgotten_as(chance: bytes) -> str:
    """A fresh pseudonym, from 8 bytes of chance: it says nothing of whom it stands for."""
    return ERASED + chance.hex()
