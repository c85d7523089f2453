"""The same port over aiohttp: for forward proxies and unusual TLS, and the oracle in the pool's tests.

Several times slower. What aiohttp cannot prove stays Ambiguous: only a failure to connect is NotSent. GET and HEAD,
which cost nothing, may be sent again by aiohttp when a kept connection turns out closed; POST never is.
"""

import asyncio
import errno
import importlib
import io
import socket
import ssl
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.request import getproxies_environment, proxy_bypass

from farthing.domain.errors import Ambiguous, BadConfig, BadRequest, NotSent, Unreachable
from farthing.ports.upstream import Outbound
from farthing.providers.addresses import parse_origin, refused_address, refused_host
from farthing.providers.head import end_to_end, render_head
from farthing.providers.limits import Limits, Timeouts

_LARGE = 1 << 20
"""From here aiohttp wants a file, which it writes piece by piece."""

_NOT_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class AiohttpUpstream:
    """`ports.upstream.Upstream` over aiohttp. It belongs to the event loop that first sends with it.

    proxy: `http://[user:password@]host:port`; takes precedence over the environment.
    trust_env: use HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.
    tls: a context for private roots or client certificates. Raises BadConfig when aiohttp is not installed.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        timeouts: Timeouts | None = None,
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
        trust_env: bool = False,
        refuse_metadata: bool = True,
    ) -> None:
        self._aiohttp = _load()
        self._limits = limits or Limits()
        self._timeouts = timeouts or Timeouts()
        self._tls = tls
        self._proxy = proxy
        self._trust_env = trust_env
        self._refuse_metadata = refuse_metadata
        self._session: Any = None
        self._closed = False

    async def send(self, request: Outbound) -> "AiohttpAnswer":
        """Raises BadRequest, before anything is sent, for a request that cannot be written as HTTP."""
        render_head(request)
        headers = [(name.decode(), _text(name, value)) for name, value in request.headers]
        if not any(name.lower() == "accept-encoding" for name, _ in headers):
            headers.append(("accept-encoding", "identity"))
        self._check(request.origin)
        aiohttp = self._aiohttp
        try:
            response = await self._open_session().request(
                request.method,
                importlib.import_module("yarl").URL(request.origin + request.target, encoded=True),
                headers=headers,
                data=request.body if len(request.body) < _LARGE else io.BytesIO(request.body),
                allow_redirects=False,
                skip_auto_headers=_NOT_ADDED,
                proxy=self._proxy or self._environment_proxy(request.origin),
            )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unreachable(f"{request.origin} cannot be reached ({error}); nothing was sent") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Ambiguous(f"{request.origin} gave no answer ({error!r}); what the request cost is unknown") from error
        return AiohttpAnswer(response, request.origin, self._timeouts, aiohttp.ClientError)

    async def close(self) -> None:
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _check(self, origin: str) -> None:
        why = refused_host(parse_origin(origin).host) if self._refuse_metadata else ""
        if self._closed:
            why = "this side is shutting down"
        if why:
            raise NotSent(f"{origin} was not asked: {why}")

    def _environment_proxy(self, origin: str) -> str | None:
        """The proxy that the environment names for an origin. aiohttp's own way would read ~/.netrc as well."""
        where = parse_origin(origin)
        proxies = getproxies_environment() if self._trust_env else {}
        if not proxies or proxy_bypass(f"{where.host}:{where.port}"):
            return None
        return proxies.get("https" if where.tls else "http") or proxies.get("all")

    def _open_session(self) -> Any:
        if self._session is None:
            limits, phases, aiohttp = self._limits, self._timeouts, self._aiohttp
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._tls or True,
                    limit=0,
                    limit_per_host=limits.connections,
                    keepalive_timeout=limits.keep_seconds,
                    socket_factory=self._socket,
                ),
                timeout=aiohttp.ClientTimeout(
                    total=phases.total_seconds,
                    connect=phases.wait_seconds + phases.connect_seconds,
                    sock_connect=phases.connect_seconds,
                    sock_read=phases.first_byte_seconds,
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=limits.unread_bytes // 2,  # aiohttp pauses at twice this
                max_line_size=limits.head_bytes,
                max_field_size=limits.head_bytes,
            )
        return self._session

    def _socket(self, address: Any) -> socket.socket:
        """A socket for an address that may be connected; an OSError, which aiohttp calls a failure to connect, if not."""
        family, kind, protocol, _, where = address
        why = refused_address(where[0]) if self._refuse_metadata else ""
        if why:
            raise OSError(errno.EACCES, why)
        return socket.socket(family, kind, protocol)


class AiohttpAnswer:
    """`ports.upstream.Answer` over an aiohttp response."""

    def __init__(self, response: Any, origin: str, timeouts: Timeouts, broken: type[Exception]) -> None:
        self.status: int = response.status
        self.headers = end_to_end(response.raw_headers)
        self._response = response
        self._origin = origin
        self._idle_seconds = timeouts.idle_seconds
        self._broken = broken
        self._failure = ""

    async def read(self) -> bytes:
        if self._failure:
            raise Ambiguous(self._failure)
        try:
            async with asyncio.timeout(self._idle_seconds):
                piece: bytes = await self._response.content.readany()
        except (self._broken, OSError) as error:
            self._fail(f"{self._origin} did not finish its answer ({error!r}); what the request cost is unknown")
            raise Ambiguous(self._failure) from error
        except BaseException:
            self.abort()
            raise
        return piece

    async def read_all(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while piece := await self.read():
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                self._fail(f"{self._origin} sent an answer of more than {limit} bytes")
                raise Ambiguous(self._failure)
        return b"".join(pieces)

    async def pour(self, take: Callable[[bytes], bool]) -> bool:
        while piece := await self.read():
            try:
                more = take(piece)
            except BaseException:
                self.abort()
                raise
            if not more:
                return False
        return True

    def abort(self) -> None:
        if not self._response.content.at_eof():
            self._fail("the answer was given up before its end")

    def _fail(self, reason: str) -> None:
        self._failure = self._failure or reason
        self._response.close()


def _text(name: bytes, value: bytes) -> str:
    """A header value as the text that aiohttp writes as these same bytes. Raises BadRequest if there is none."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        field = name.decode()
        raise BadRequest(f"the header {field} is not UTF-8 and cannot go through a proxy", field=field) from None


def _load() -> ModuleType:
    try:
        return importlib.import_module("aiohttp")
    except ImportError:
        raise BadConfig("a proxy needs aiohttp: pip install 'farthing[proxy]'") from None
