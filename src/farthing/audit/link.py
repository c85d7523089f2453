"""Links: each says what was written in one transaction, and holds on to the one before it."""

import struct
from hashlib import sha256

import msgspec

HASH_BYTES = 32
NO_LINK = b"\0" * HASH_BYTES
"""What the first link holds on to."""

KINDS = ("begin", "batch", "change", "seal", "erase", "prune", "carry")
"""`begin`: what was there before the chain; `batch`: one commit of the ledger; `change`: somebody changed something;
`seal`, `erase`, `prune`: what their names say; `carry`: what dropped links had said of rows that stay."""
_HEAD = struct.Struct(">qqqB")


class Head(msgspec.Struct, frozen=True):
    """The end of a chain."""

    seq: int = 0
    hash: bytes = NO_LINK


class Link(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One link, as it is kept."""

    seq: int
    """1 for the first; never a gap."""
    at_ms: int
    kind: str
    count: int
    """How many entries it has."""
    prev: bytes
    """The hash of the link before it."""
    root: bytes
    """SHA-256 of the entries."""
    hash: bytes
    """SHA-256 of all the above."""
    entries: bytes


def forge(head: Head, *, at_ms: int, kind: str, count: int, entries: bytes) -> Link:
    """The link after this head."""
    seq = head.seq + 1
    root = sha256(entries).digest()
    return Link(
        seq=seq,
        at_ms=at_ms,
        kind=kind,
        count=count,
        prev=head.hash,
        root=root,
        hash=_hash(seq, at_ms, kind, count, head.hash, root),
        entries=entries,
    )


def flaws(link: Link, before: Head) -> list[str]:
    """What is wrong with a link, given the one before it; nothing where it holds."""
    found = []
    if link.seq != before.seq + 1:
        found.append(f"link {before.seq + 1} is missing")
    if link.prev != before.hash:
        found.append("it does not hold on to the link before it")
    if link.kind not in KINDS:
        found.append(f"there is no link of kind {link.kind!r}")
    elif link.hash != _hash(link.seq, link.at_ms, link.kind, link.count, link.prev, link.root):
        found.append("its own hash does not fit what it says")
    if sha256(link.entries).digest() != link.root:
        found.append("its entries do not fit their hash")
    return found


def _hash(seq: int, at_ms: int, kind: str, count: int, prev: bytes, root: bytes) -> bytes:
    return sha256(_HEAD.pack(seq, at_ms, count, KINDS.index(kind)) + prev + root).digest()
