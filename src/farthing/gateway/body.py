"""Reading a request's body: bounded, never truncated without saying so."""

from collections.abc import Mapping

from farthing.domain.errors import BadRequest
from farthing.gateway.turn import Turn


async def read_body(turn: Turn, limit: int) -> bytes:
    """The whole body. Raises BadRequest (413, 415) or ClientLeft."""
    check_plain(turn.request.named)
    if turn.request.length > limit:
        raise too_large(limit)
    while not turn.all_here:
        await turn.more()
        if turn.body_bytes > limit:
            raise too_large(limit)
    return take_body(turn, limit)


def take_body(turn: Turn, limit: int) -> bytes:
    """The body of a request that is all here, and whose head says that it is plain. Raises BadRequest 413."""
    pieces = turn.pieces
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    pieces.clear()
    if len(body) > limit:
        raise too_large(limit)
    return body


def check_plain(headers: Mapping[bytes, bytes]) -> None:
    """Nothing is unpacked here. Raises BadRequest 415."""
    encoding = headers.get(b"content-encoding", b"identity").lower()
    if encoding not in (b"identity", b""):
        raise BadRequest(
            f"content-encoding {encoding.decode('latin-1')[:20]!r} is not accepted; send the body uncompressed",
            field="content-encoding",
            status=415,
        )


def too_large(limit: int) -> BadRequest:
    return BadRequest(f"the body is larger than {limit} bytes", status=413, code="request_too_large")
