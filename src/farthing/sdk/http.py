"""What both kinds of call share of httpx, of either generation: requests, headers, bodies, and what an error proves."""

from typing import Any

from farthing.domain.errors import Ambiguous, NotSent, Unreachable, UpstreamFailed
from farthing.sdk.exchange import Exchange, Send

_BEFORE_SENDING = (
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "UnsupportedProtocol",
    "InvalidURL",
    "LocalProtocolError",
    "ProxyError",
)
"""What httpx raises before the first byte of a request was written."""

_LENGTHS = ("content-length", "transfer-encoding")


def proof(error: BaseException) -> UpstreamFailed:
    """What an error of the client's own HTTP proves about what was sent."""
    names = {kind.__name__ for kind in type(error).__mro__}
    text = f"{type(error).__name__}: {error}"[:300]
    if names & {"ConnectError", "ConnectTimeout"}:
        return Unreachable(text)
    return NotSent(text) if names & set(_BEFORE_SENDING) else Ambiguous(text)


def outbound(inner: Any, request: Any, task: Send) -> Any:
    """The engine's request as one of the client's own HTTP, with the timeouts that the client gave it."""
    asked = task.request
    return inner.build_request(
        asked.method,
        asked.origin + asked.target,
        headers=list(asked.headers),
        content=asked.body,
        extensions=dict(request.extensions),
    )


def as_own(inner: Any, request: Any) -> Any:
    """A request of the wrapped copy with the headers and cookies that the client's own HTTP adds to its own."""
    for name, value in inner.build_request(request.method, request.url).headers.items():
        if name not in request.headers and name not in _LENGTHS:
            request.headers[name] = value
    return request


def bounded(piece: bytes, size: int, exchange: Exchange) -> bytes:
    if size > exchange.most_bytes:
        raise Ambiguous(f"the provider's answer is longer than {exchange.most_bytes:,} bytes")
    return piece


def headers_of(response: Any) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in response.headers.raw]


def streams(response: Any) -> bool:
    return bool(
        response.status_code == 200 and response.headers.get("content-type", "").startswith("text/event-stream")
    )


class BodyKind:
    """The body of a streamed answer, as a class of the httpx that the client uses."""

    def __init__(self, base: str, made: Any) -> None:
        self._base = base
        self._made = made
        self._known: dict[Any, Any] = {}

    def of(self, module: Any) -> Any:
        found = self._known.get(module)
        if found is None:
            found = self._known[module] = type(self._made.__name__, (self._made, getattr(module, self._base)), {})
        return found
