"""Stands before a server and counts the requests that arrive at its socket: what a client really sends, tries again included."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import httptools

DEADLINE_SECONDS = 20
_PIECE = 1 << 16


class Arrival(NamedTuple):
    """One request, by its first line and the labels it bears."""

    method: str
    path: str
    labels: str


class Front:
    """Relays bytes both ways, unchanged. `arrived` has every request, in order."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self.arrived: list[Arrival] = []
        self.port = 0
        self.stop = asyncio.Event()
        self._meetings: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def stand(self, ready: Callable[[], None]) -> None:
        """Take connections until `stop` is set."""
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready()
        await self.stop.wait()
        server.close()
        for meeting in self._meetings:
            meeting.cancel()
        await asyncio.gather(*self._meetings, return_exceptions=True)

    def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        meeting = asyncio.ensure_future(self._relay(reader, writer))
        self._meetings.add(meeting)
        meeting.add_done_callback(self._meetings.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client, and ours for it; whoever ends it ends both."""
        behind, onward = await asyncio.open_connection("127.0.0.1", self._behind)
        count = _Requests(self.arrived).feed
        directions = [
            asyncio.ensure_future(_pass(reader, onward, count)),
            asyncio.ensure_future(_pass(behind, writer, lambda _: None)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            writer.close()
            onward.close()


class _Requests:
    """Told by a parser what one connection carries."""

    def __init__(self, arrived: list[Arrival]) -> None:
        self._arrived = arrived
        self._url = self._labels = b""
        self.parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        with suppress(httptools.HttpParserUpgrade):  # told after the request is counted; what follows is no HTTP
            self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url = self._labels = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"x-farthing-labels":
            self._labels = value

    def on_headers_complete(self) -> None:
        arrival = Arrival(self.parser.get_method().decode(), self._url.decode(), self._labels.decode())
        self._arrived.append(arrival)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, look: Callable[[bytes], None]) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(_PIECE):
            look(piece)
            writer.write(piece)
            await writer.drain()


@contextmanager
def front_of(port: int) -> Iterator[Front]:
    """A front for the server at this port of the loopback, on a loop of its own."""
    ready, box = threading.Event(), list[tuple[Front, asyncio.AbstractEventLoop]]()

    async def main() -> None:
        front = Front(port)
        box.append((front, asyncio.get_running_loop()))
        await front.stand(ready.set)

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="front", daemon=True)
    thread.start()
    assert ready.wait(DEADLINE_SECONDS), "the front did not start"
    ((front, loop),) = box
    try:
        yield front
    finally:
        loop.call_soon_threadsafe(front.stop.set)
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive(), "the front did not stop"
