"""Small whole answers of our own: JSON, text, and errors in the caller's dialect."""

from typing import Any

import msgspec

from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest, LedgerUnavailable, PastUnsummed
from farthing.domain.ids import show
from farthing.ports.client import Client
from farthing.wire.dialect import Dialect

Headers = tuple[tuple[bytes, bytes], ...]

JSON = (b"content-type", b"application/json")
FINAL = (b"x-should-retry", b"false")


async def send_bytes(
    client: Client, status: int, body: bytes, *headers: tuple[bytes, bytes], content_type: bytes = JSON[1]
) -> None:
    """One whole answer."""
    await client.whole(status, [(b"content-type", content_type), *headers], body)


async def send_json(client: Client, status: int, value: Any, *headers: tuple[bytes, bytes]) -> None:
    await send_bytes(client, status, msgspec.json.encode(value), *headers)


def numbered(engine: Engine) -> Headers:
    """What every answer of the client side carries. The id is new; what was never planned is on no record."""
    shown = show("call", engine.mint(engine.now_ms()))
    return ((b"x-farthing-call-id", shown.encode()), (b"x-farthing-cache", b"off"))


def free(engine: Engine) -> Headers:
    """The same for an answer that certainly cost nothing."""
    return (*numbered(engine), (b"x-farthing-cost-usd", b"0"))


async def send_error(
    client: Client, dialect: Dialect, error: BadRequest | LedgerUnavailable, *headers: tuple[bytes, bytes]
) -> None:
    """An error of the caller's, or of our store, as the dialect writes errors. Never echoes content."""
    if isinstance(error, LedgerUnavailable):
        code = "past_unsummed" if isinstance(error, PastUnsummed) else "ledger_unavailable"
        body = dialect.error(status=503, message=str(error), code=code)
        await send_bytes(client, 503, body, (b"retry-after", b"2"), *headers)
        return
    body = dialect.error(status=error.status, message=error.message, code=error.code, field=error.field)
    await send_bytes(client, error.status, body, FINAL, *headers)
