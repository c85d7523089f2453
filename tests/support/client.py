"""A client made of a list: implements ports.client.Client and keeps what it was given."""


class ListeningClient:
    """Collects an answer. `leave_after` body pieces it is gone, as a real client may be."""

    def __init__(self, leave_after: int | None = None):
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.pieces: list[bytes] = []
        self.ended = False
        self.was_cut = False
        self.gone = False
        self.on_gone = None
        self.leave_after = leave_after

    async def head(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        assert not self.status, "an answer has one head"
        self.status = status
        self.headers = dict(headers)

    async def whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        await self.head(status, headers)
        await self.body(body)
        await self.end()

    def write(self, piece: bytes) -> bool:
        assert self.status, "no body before the head"
        if not self.gone:
            self.pieces.append(piece)
            if self.leave_after is not None and len(self.pieces) >= self.leave_after:
                self.leave()
        return True

    async def drained(self) -> None:
        return

    async def body(self, piece: bytes) -> None:
        if not self.write(piece):
            await self.drained()

    async def end(self, last: bytes = b"") -> None:
        if last:
            await self.body(last)
        self.ended = True

    async def cut(self) -> None:
        self.was_cut = True

    def when_gone(self, do) -> None:
        if self.gone:
            do()
        else:
            self.on_gone = do

    def leave(self) -> None:
        self.gone = True
        if self.on_gone is not None:
            self.on_gone()

    @property
    def text(self) -> bytes:
        return b"".join(self.pieces)
