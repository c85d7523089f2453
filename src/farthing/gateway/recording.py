"""A client that keeps what it passes on, so that the same answer can be given again."""

from collections.abc import Awaitable, Callable

from farthing.gateway.client import PatientClient
from farthing.gateway.head import Headers
from farthing.gateway.kept import KeptAnswer


class RecordingClient:
    """`farthing.ports.client.Client` around another. Keeps at most `most_bytes` of body; beyond that, nothing.

    `first` is called with a whole answer before its client has a byte of it.
    """

    def __init__(
        self, client: PatientClient, most_bytes: int, first: Callable[[KeptAnswer], Awaitable[None]] | None = None
    ) -> None:
        self._client = client
        self._first = first
        self._most_bytes = most_bytes
        self._status = 0
        self._headers: Headers = []
        self._pieces: list[bytes] = []
        self._bytes = 0
        self.answer: KeptAnswer | None = None
        """The whole answer, once it is complete, whether or not the client was there to the end."""

    @property
    def gone(self) -> bool:
        return self._client.gone

    def when_gone(self, do: Callable[[], None]) -> None:
        self._client.when_gone(do)

    async def left(self) -> None:
        await self._client.left()

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        if len(body) <= self._most_bytes:
            self.answer = KeptAnswer(status=status, headers=headers, body=body, streamed=False)
            if self._first is not None:
                await self._first(self.answer)
        await self._client.whole(status, headers, body)

    async def head(self, status: int, headers: Headers) -> None:
        self._status, self._headers = status, headers
        await self._client.head(status, headers)

    def write(self, piece: bytes) -> bool:
        self._take(piece)
        return self._client.write(piece)

    async def drained(self) -> None:
        await self._client.drained()

    async def body(self, piece: bytes) -> None:
        if not self.write(piece):
            await self.drained()

    async def end(self, last: bytes = b"") -> None:
        self._take(last)
        if self._bytes <= self._most_bytes:
            body = b"".join(self._pieces)
            self.answer = KeptAnswer(status=self._status, headers=self._headers, body=body, streamed=True)
        await self._client.end(last)

    async def cut(self) -> None:
        await self._client.cut()

    def _take(self, piece: bytes) -> None:
        self._bytes += len(piece)
        if self._bytes <= self._most_bytes:
            self._pieces.append(piece)
        else:
            self._pieces.clear()
