"""Seals: what a stretch of the audit's chain came to, signed, small enough to be kept elsewhere."""

from typing import Literal

import msgspec


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Who vouches for a seal. `hmac-sha256` convinces only who has the installation's secret; `ed25519` anybody who knows
    the public key."""

    kind: Literal["hmac-sha256", "ed25519"]
    key: str
    """The public key in hexadecimal; for `hmac-sha256` a fingerprint of the secret."""
    value: str


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts of one unit together."""

    unit: str
    accounts: int
    posted: int
    held: int
    unknown: int


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed."""

    farthing_seal: int = 1
    """The version of this form."""
    ledger: str
    """Which ledger, whatever its file is called."""
    number: int
    """1 for the first seal; never a gap."""
    first: int
    """The first link of the stretch."""
    last: int
    links: int
    entries: dict[str, int]
    """By kind."""
    head: str
    """The hash of the last link, in hexadecimal."""
    before: str
    """The digest of the seal before this one; "" for the first."""
    sealed_ms: int
    through_call: int
    """No call or attempt that the stretch speaks of has a larger number."""
    through_event: int
    totals: tuple[Total, ...]
    """Balances at its last link: the opening balances of the next stretch."""
    balances: str
    """SHA-256 over every account's number and balance, in hexadecimal."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A seal as it is kept: on one line, in this order of fields."""

    body: Body
    signature: Signature
