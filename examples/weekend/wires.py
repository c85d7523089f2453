"""Plain HTTP for the story: a client with one connection, and a place where alerts arrive."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from weekend.agents import Json, Reply


class Client:
    """Posts chat completions to one address, one after the other. Tries nothing again."""

    def __init__(self, url: str) -> None:
        self._where = urlsplit(url)
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: Json, key: str, labels: str) -> Reply:
        """What the other side answers, whatever its status."""
        if self._open is None:
            self._open = await asyncio.open_connection(self._where.hostname, self._where.port)
        reader, writer = self._open
        content = msgspec.json.encode(body)
        lines = ["POST /v1/chat/completions HTTP/1.1", f"host: {self._where.netloc}", f"content-length: {len(content)}"]
        lines += ["content-type: application/json", f"authorization: Bearer {key}", f"x-farthing-labels: {labels}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        first, headers = _head(await reader.readuntil(b"\r\n\r\n"))
        answer = await reader.readexactly(int(headers["content-length"]))
        return Reply(int(first.split()[1]), headers, msgspec.json.decode(answer))

    async def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            await self._open[1].wait_closed()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it arrived."""

    at_ms: int
    to: str
    rule: str
    subject: str
    text: str


class Hooks:
    """Receives webhooks on loopback: `/team-chat`, `/phone`, whatever the configuration names."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.url = ""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "Hooks":
        self._server = await asyncio.start_server(self._receive, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first, headers = _head(await reader.readuntil(b"\r\n\r\n"))
                said: dict[str, Any] = msgspec.json.decode(await reader.readexactly(int(headers["content-length"])))
                place = first.split()[1].strip("/")
                wanted: Mapping[str, Any] = {name: said[name] for name in ("at_ms", "rule", "subject", "text")}
                self.told.append(Told(to=place, **wanted))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()


def _head(raw: bytes) -> tuple[str, dict[str, str]]:
    first, *rest = raw.decode("latin-1").strip().split("\r\n")
    pairs = (line.partition(":") for line in rest)
    return first, {name.lower(): value.strip() for name, _, value in pairs}
