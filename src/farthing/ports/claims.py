"""Claims: which call a caller's idempotency key stands for, so that one key buys one answer."""

from typing import Protocol

import msgspec


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One call's wish to be the one that a key stands for."""

    tenant: str
    """Who chose the key: equal keys of two tenants have nothing to do with each other."""
    key: str
    fingerprint: bytes
    """Digest of what is asked for: the same key must always ask for the same."""
    call: int
    at_ms: int


class Claimed(msgspec.Struct, frozen=True):
    """The key now stands for this call, durably."""

    instead_of: int | None = None
    """The earlier call whose place it took: one that sent nothing that may be billed, and never will."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """The key stands for an earlier call that may have been sent: this one must not be."""

    call: int
    same: bool
    """It asked for the same."""
    running: bool = False
    """An attempt of it still waits for its outcome."""


class Claims(Protocol):
    """Who may send under a key. Blocking: call off the event loop. Raises LedgerUnavailable, and then nothing changed.

    At most one call of a key is ever sent, because each keeps this order: `claim`, durable; reserve, durable; `holds`;
    send. A later claim takes an earlier call's place only where it sees no attempt of it that may have been sent. If it
    looked before the earlier call's reserve, that call's `holds` comes after and says no; if after, it saw the hold.
    """

    def claim(self, claim: Claim) -> Claimed | Taken:
        """One atomic act. A call that claims twice is told the same twice."""
        ...

    def holds(self, claim: Claim) -> bool:
        """Whether the key still stands for this call. Asked after every reserve and before every send."""
        ...

    def forget(self, before_ms: int) -> int:
        """Drop claims made earlier than this whose calls have no open hold. Returns how many."""
        ...

    def close(self) -> None: ...
