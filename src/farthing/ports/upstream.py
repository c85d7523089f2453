"""A provider's HTTP, as the life of a call needs it: what was sent is proven, what is unsure is said."""

from typing import Protocol

import msgspec


class Outbound(msgspec.Struct, frozen=True, kw_only=True):
    """One request, ready to send. Header names are lower-case; hop-by-hop headers, Host and Content-Length are not in it."""

    origin: str
    """`https://api.openai.com`: scheme, host and optional port."""
    target: str
    """Path and query."""
    method: str = "POST"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


class Answer(Protocol):
    """An answer whose headers have arrived. Read it to the end or `abort` it: nothing else gives the connection back."""

    status: int
    headers: list[tuple[bytes, bytes]]
    """Names lower-case, order and duplicates kept, hop-by-hop headers removed."""

    async def read(self) -> bytes:
        """The next piece of the body as it arrives, `b""` at its proper end. Raises Ambiguous when it is cut or stalls."""
        ...

    async def read_all(self, limit: int) -> bytes:
        """The whole body. Raises Ambiguous when it is cut, stalls, or is longer than `limit` bytes."""
        ...

    def abort(self) -> None:
        """Close the connection at once unless the body was complete. Safe to call twice."""
        ...


class Upstream(Protocol):
    """Sends requests. Cancelling the task closes the connection at once."""

    async def send(self, request: Outbound) -> Answer:
        """Raises NotSent (no byte was written: the money may be released), BadRequest (the same, and trying again is of
        no use: the request cannot be written as HTTP; names the header or the path) or Ambiguous (anything else)."""
        ...

    async def close(self) -> None: ...
