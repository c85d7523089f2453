"""Content: the texts of calls, where the configuration says that they are kept. Redacted before they come here."""

from typing import Protocol

import msgspec


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What one call said and was told. Of no use to any account: nothing here is money."""

    call: int
    at_ms: int
    """When the call arrived."""
    request: str
    """The body as the caller sent it, as JSON, redacted."""
    answer: str
    """The answer as the caller got it, redacted: JSON; of a stream, its texts put together, as a JSON list."""
    redacted: int = 0
    """How many pieces of text were taken out."""
    cut: bool = False
    """One of the texts was longer than is kept; its end is missing."""


class Contents(Protocol):
    """Blocking: call off the event loop. Raises LedgerUnavailable where its place cannot be used."""

    def put(self, contents: tuple[Content, ...]) -> None:
        """Keep these; what was kept of the same calls is replaced."""
        ...

    def of(self, call: int) -> Content | None: ...

    def drop_before(self, at_ms: int) -> int:
        """Delete what arrived before this moment, for good. Returns how many."""
        ...

    def drop(self, calls: tuple[int, ...]) -> int:
        """Delete what these calls said, for good. Returns how many."""
        ...

    def close(self) -> None: ...
