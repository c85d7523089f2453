"""A provider's HTTP, as the life of a call needs it: what was sent is proven, what is unsure is said."""

from collections.abc import Callable
from typing import Protocol

import msgspec


class Outbound(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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

    async def pour(self, take: Callable[[bytes], bool]) -> bool:
        """Hand the body to `take` in the moment it arrives: a task switch for the whole stream, not for each piece.

        `take` gets the pieces in order, none of them empty, and must neither wait nor read; it may `abort`. True asks
        for more. False stops: pour returns False, and what arrives from then on lies unread until somebody pours or
        reads on; beyond its bound the provider is made to wait. Returns True at the proper end of the body; where
        `take` stops on the last piece, that is for the next pour to say.

        Raises Ambiguous when the body is cut or stalls, once all that came before was taken, and when the answer is
        aborted. What `take` raises is raised here, in the task that pours, and aborts the answer.
        """
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
