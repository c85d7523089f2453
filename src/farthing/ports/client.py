"""The caller's side of one call: a socket behind the gateway, a transport behind the SDK."""

from collections.abc import Callable
from typing import Protocol


class Client(Protocol):
    """Where an answer goes. Writing to a client that left is no error: `gone` says so."""

    @property
    def gone(self) -> bool: ...

    async def whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """A whole answer at once; its length is told by whoever writes it."""
        ...

    async def head(self, status: int, headers: list[tuple[bytes, bytes]]) -> None: ...

    def write(self, piece: bytes) -> bool:
        """Send a piece of the body at once. False where the client now reads slower than we write, beyond its read-ahead:
        await `drained` before the next piece."""
        ...

    async def drained(self) -> None:
        """Return when the client has caught up, or has left."""
        ...

    async def body(self, piece: bytes) -> None:
        """`write`, then `drained` where that is asked for."""
        ...

    async def end(self, last: bytes = b"") -> None:
        """The last piece, and the answer is complete."""
        ...

    async def cut(self) -> None:
        """The answer ends here without being complete; the client must be able to tell."""
        ...

    def when_gone(self, do: Callable[[], None]) -> None:
        """Call this in the moment the client leaves; at once if it already has. The last one given counts."""
        ...
