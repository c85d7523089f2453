"""Entries: what one link of the chain says of single rows. A kind, the row's number and a digest of what was written."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple

import msgspec

DIGEST_BYTES = 16
"""SHA-256, cut: a second row with the same digest costs 2^128 tries."""
_FORM = struct.Struct(f">Bq{DIGEST_BYTES}s")
ENTRY_BYTES = _FORM.size
NOTHING = b"\0" * DIGEST_BYTES
"""The digest of a row that is no longer there."""

encode = msgspec.msgpack.Encoder().encode


class Kind(IntEnum):
    """What an entry speaks of. The numbers are in every ledger's file: never give one another meaning."""

    OPENED = 1
    """A call's columns as it asked for money or was refused: written once."""
    CLOSED = 2
    """How a call ended for its client; the last word counts."""
    HELD = 3
    """An attempt's columns as its money was held: written once."""
    SETTLED = 4
    """How an attempt stands; the last word counts. So do all the kinds that share its group."""
    ADJUSTED = 5
    ACCOUNT = 6
    """What an account is called; its balance is checked by its sum."""
    EVENT = 7
    """Who changed what."""
    KEY = 8
    BUDGET = 9
    GRANT = 10
    GATE = 11
    SUSPENSION = 12
    APPROVAL = 13
    SUBJECT = 14
    """A person's commitment."""
    SEAL = 15
    BASE = 16
    """What attempts that were dropped had posted on an account."""
    OUTCOME = 17
    OTHER_COST = 18
    LOST = 20
    VOIDED = 21
    ESTIMATED = 22
    CORRECTED = 23
    REFUSED = 24
    FLOOR = 40
    """Calls up to this number were dropped by policy, with all that belongs to them."""
    EVENTS_FLOOR = 41
    SKELETONS_FLOOR = 42
    """Of calls up to this number only the skeleton's digest is kept."""
    DROPPED_ADJUSTMENT = 43
    CUT = 44
    """Links up to this number were dropped by policy; what they said of rows that stay is said again beside this."""


_GROUPS = {
    Kind.LOST: Kind.SETTLED,
    Kind.VOIDED: Kind.SETTLED,
    Kind.ESTIMATED: Kind.SETTLED,
    Kind.CORRECTED: Kind.SETTLED,
    Kind.REFUSED: Kind.CLOSED,
}
GROUP = tuple(int(_GROUPS.get(Kind(kind), Kind(kind))) if kind in set(Kind) else 0 for kind in range(64))
"""Kind → the group of columns it speaks of; 0 where there is no such kind."""


class Entry(NamedTuple):
    kind: int
    number: int
    """The row's id; for rows named by text `number_of` that."""
    digest: bytes


pack = _FORM.pack
"""`pack(kind, number, digest)`: one entry as it stands in a link; of a longer digest the first bytes."""


def unpack(entries: bytes) -> Iterator[Entry]:
    """The entries of a link. Raises ValueError where they are cut or of a kind nobody knows."""
    if len(entries) % ENTRY_BYTES:
        raise ValueError(f"{len(entries)} bytes are no whole number of entries")
    for kind, number, digest in _FORM.iter_unpack(entries):
        if kind >= len(GROUP) or not GROUP[kind]:
            raise ValueError(f"there is no entry of kind {kind}")
        yield Entry(kind, number, digest)


def digest(row: Sequence[object], salt: bytes = b"") -> bytes:
    """What an entry says of a row: its columns in their order, behind a salt where they may name a person."""
    return sha256(salt + encode(row)).digest()[:DIGEST_BYTES]


def number_of(*key: str) -> int:
    """The number under which a row that is named by text stands in the chain."""
    return int.from_bytes(sha256(encode(key)).digest()[:8], "big", signed=True)


def counts(entries: Iterable[Entry]) -> dict[str, int]:
    """How many entries there are of each kind, by its name in lower case."""
    found: dict[str, int] = {}
    for entry in entries:
        name = Kind(entry.kind).name.lower()
        found[name] = found.get(name, 0) + 1
    return found
