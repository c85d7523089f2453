"""A client whose answer is also kept as content, where the configuration asks for that. What it gets, and when, is the same."""

from collections.abc import Callable

from farthing.gateway.client import PatientClient
from farthing.gateway.head import Headers
from farthing.stores.content_keeper import MOST_BYTES, ContentKeeper, Taken


class WatchingClient:
    """`farthing.ports.client.Client` around another: a copy of what passes, up to a bound, goes to the keeper at its end."""

    def __init__(self, client: PatientClient, keeper: ContentKeeper, call: int, at_ms: int, request: bytes) -> None:
        self._client = client
        self._keeper = keeper
        self._call = call
        self._at_ms = at_ms
        self._request = request
        self._streamed = False
        self._pieces: list[bytes] = []
        self._room = MOST_BYTES - len(request)

    @property
    def gone(self) -> bool:
        return self._client.gone

    def when_gone(self, do: Callable[[], None]) -> None:
        self._client.when_gone(do)

    async def left(self) -> None:
        await self._client.left()

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self._take(body)
        await self._client.whole(status, headers, body)

    async def head(self, status: int, headers: Headers) -> None:
        self._streamed = True
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
        await self._client.end(last)

    async def cut(self) -> None:
        await self._client.cut()

    def over(self) -> None:
        """The call is over, however it ended: hand over what was said."""
        answer = b"".join(self._pieces)
        cut = self._room < 0
        self._keeper.keep(Taken(self._call, self._at_ms, self._request, answer, self._streamed, cut))

    def _take(self, piece: bytes) -> None:
        self._room -= len(piece)
        if self._room >= 0:
            self._pieces.append(piece)
