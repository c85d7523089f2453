"""What both kinds of call share of httpx, of either generation: requests, headers, bodies, and what an error proves."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
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

_OF_THE_HOP = (b"host", b"connection")
"""What a client may want of its connection, which is no concern of the engine's."""


_BY_ITS_POOL = frozenset(("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "LocalProtocolError"))
"""Of these, those that prove something only where httpx's own connections raised them, about this request: other transports
use the same names for a connection that broke later, and an event hook may have asked somebody else."""


def proof(error: BaseException, request: Any) -> UpstreamFailed:
    """What an error of the client's own HTTP proves about this request."""
    names = {kind.__name__ for kind in type(error).__mro__}
    text = f"{type(error).__name__}: {error}"[:300]
    if not names & set(_BEFORE_SENDING) or (names & _BY_ITS_POOL and not _its_pools(error, request)):
        return Ambiguous(text)
    return Unreachable(text) if names & {"ConnectError", "ConnectTimeout"} else NotSent(text)


def _its_pools(error: BaseException, request: Any) -> bool:
    """Whether httpx's own connections raised this, about this request, before a byte of it was written. HTTP/2 raises its
    protocol errors at any time."""
    causes = _causes(error)
    return (
        _request_of(error) is request
        and any(kind.startswith("httpcore") for kind in causes)
        and not any(kind.startswith("h2.") for kind in causes)
    )


def _request_of(error: Any) -> Any:
    try:
        return error.request
    except (AttributeError, RuntimeError):  # it was raised about none
        return None


def _causes(error: BaseException | None) -> list[str]:
    """The modules of the errors behind this one."""
    found = []
    while error is not None:
        found.append(type(error).__module__)
        error = error.__cause__ or error.__context__
    return found


def lowered(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """The same headers, their names in lower case."""
    return tuple([(name.lower(), value) for name, value in headers])


def origin_of(url: Any) -> str:
    """Where an address of httpx leads: `https://api.openai.com`."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def outbound(module: Any, request: Any, task: Send) -> Any:
    """The engine's request as one of the client's own HTTP: with the timeouts that the client gave it, and to where it was
    going, whatever its address carries beside (a name and a password), unless the engine says another place."""
    asked, url = task.request, request.url
    stays = asked.target == url.raw_path.decode("ascii") and asked.origin == origin_of(url)
    hop = [pair for pair in request.headers.raw if pair[0].lower() in _OF_THE_HOP]
    return module.Request(
        asked.method,
        url if stays else asked.origin + asked.target,
        headers=[*asked.headers, *hop] if stays else [*asked.headers],
        content=asked.body,
        extensions=dict(request.extensions),
    )


def bounded(piece: bytes, size: int, exchange: Exchange) -> bytes:
    if size > exchange.most_bytes:
        raise Ambiguous(f"the provider's answer is longer than {exchange.most_bytes:,} bytes")
    return piece


def headers_of(response: Any) -> list[tuple[bytes, bytes]]:
    """Asked for before the body is read."""
    pairs = lowered(response.headers.raw)
    return [pair for pair in pairs if pair[0] != b"content-encoding" or not response.is_stream_consumed]


def pieces_of(response: Any) -> Iterator[bytes]:
    """An answer as it comes; where an event hook has read it before us, what that one has read."""
    return iter((response.content,) if response.is_stream_consumed else response.stream)


def pieces_of_async(response: Any) -> AsyncIterator[bytes]:
    """The same for asynchronous ones; whoever does not read it to its end ends it with `end_of_reading`."""
    return _at_once(response.content) if response.is_stream_consumed else aiter(response.stream)


async def end_of_reading(pieces: AsyncIterator[bytes]) -> None:
    """Nobody reads on. A generator that was only dropped would end at a time of nobody's choosing."""
    if isinstance(pieces, AsyncGenerator):
        await pieces.aclose()


async def _at_once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


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
