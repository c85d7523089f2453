"""Reading a request's body: bounded, never truncated without saying so."""

from farthing.domain.errors import BadRequest
from farthing.gateway.client import Receive


class ClientLeft(Exception):
    """The client left before its body was complete. A part of a body is never taken for the whole."""


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int) -> bytes:
    """The whole body. Raises BadRequest (413, 415, 400) or ClientLeft."""
    encoding = headers.get(b"content-encoding", b"identity").lower()
    if encoding not in (b"identity", b""):
        raise BadRequest(
            f"content-encoding {encoding.decode('latin-1')[:20]!r} is not accepted; send the body uncompressed",
            field="content-encoding",
            status=415,
        )
    declared = headers.get(b"content-length")
    if declared is not None and (not declared.isdigit() or int(declared) > limit):
        raise too_large(limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientLeft
    body: bytes = message["body"]
    if not message["more_body"]:
        if len(body) > limit:
            raise too_large(limit)
        return body
    pieces = [body]
    size = len(body)
    while message["more_body"]:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        pieces.append(message["body"])
        size += len(message["body"])
        if size > limit:
            raise too_large(limit)
    return b"".join(pieces)


def too_large(limit: int) -> BadRequest:
    return BadRequest(f"the body is larger than {limit} bytes", status=413, code="request_too_large")
