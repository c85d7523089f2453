"""A client in plain HTTP that retries as the makers' own do, and counts what it sent."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

MAX_RETRIES = 2
RETRY_SECONDS = 0.5
_RETRIED = (408, 409, 429)


class Reply(msgspec.Struct, frozen=True):
    """One answer, and how many requests it took."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]
    sent: int


async def post(url: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Reply:
    """POST JSON. The rule of the OpenAI and Anthropic clients: `x-should-retry` decides, else 408, 409, 429 and 5xx are
    tried again, twice."""
    sent = 0
    while True:
        sent += 1
        status, told, content = await _once(url, path, msgspec.json.encode(body), headers)
        if sent > MAX_RETRIES or not _again(status, told):
            return Reply(status, told, msgspec.json.decode(content), sent)
        await asyncio.sleep(RETRY_SECONDS)


def _again(status: int, headers: Mapping[str, str]) -> bool:
    told = headers.get("x-should-retry")
    if told is not None:
        return told == "true"
    return status in _RETRIED or status >= 500


async def _once(url: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        lines = [f"POST {path} HTTP/1.1", f"host: {where.netloc}", "connection: close"]
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        content = await reader.read()
    finally:
        writer.close()
    first, *rest = head.strip().split("\r\n")
    told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return int(first.split()[1]), told, content
