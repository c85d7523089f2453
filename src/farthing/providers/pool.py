"""The pool: keep-alive connections to every origin, and the proof of what was sent.

`NotSent` is raised only from code that runs before `Connection.begin`; everything after it is `Ambiguous`. Nothing is
ever sent twice. One timer for the whole pool watches all phases of all requests.
"""

import asyncio
import ssl

from farthing.domain.errors import NotSent
from farthing.ports.upstream import Outbound
from farthing.providers.addresses import parse_origin, refused_host
from farthing.providers.exchange import Exchange
from farthing.providers.head import render_head
from farthing.providers.lane import Lane
from farthing.providers.limits import Limits, Timeouts

_CHECKS_PER_PHASE = 8


class Pool:
    """`ports.upstream.Upstream` over HTTP/1.1. It belongs to the event loop that first sends with it.

    tls: verifies providers; by default the system's roots, which SSL_CERT_FILE replaces.
    refuse_metadata: send nothing to link-local addresses and metadata services, however they were named.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        timeouts: Timeouts | None = None,
        tls: ssl.SSLContext | None = None,
        refuse_metadata: bool = True,
    ) -> None:
        self._limits = limits or Limits()
        self._timeouts = timeouts or Timeouts()
        self._tls = tls
        self._judge = refused_host if refuse_metadata else _allow_all
        self._lanes: dict[str, Lane] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def send(self, request: Outbound) -> Exchange:
        """Raises BadRequest, before anything is sent, for a request that cannot be written as HTTP."""
        head = render_head(request)
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._bind(loop)
        began = loop.time()
        lane = self._lanes.get(request.origin) or self._lane(loop, request.origin)
        connection = lane.reuse() or await lane.obtain()
        exchange = Exchange(lane.terms, connection, began=began, bodiless=request.method == "HEAD")
        connection.begin(exchange, head, request.body)
        await exchange.arrive()
        return exchange

    async def close(self) -> None:
        """Close every connection; what is under way is Ambiguous, what waits is NotSent."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        gone = [connection.gone for lane in self._lanes.values() for connection in lane.connections]
        for lane in self._lanes.values():
            lane.close()
        if gone:
            await asyncio.wait(gone, timeout=1)

    def _bind(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None:
            raise RuntimeError("a Pool belongs to one event loop; make another for another loop or a forked process")
        self._loop = loop
        self._watch()

    def _lane(self, loop: asyncio.AbstractEventLoop, origin: str) -> Lane:
        if self._closed:
            raise NotSent(f"{origin} was not asked: this side is shutting down")
        lane = self._lanes[origin] = Lane(
            loop,
            parse_origin(origin),
            limits=self._limits,
            timeouts=self._timeouts,
            tls=self._context,
            judge=self._judge,
        )
        return lane

    def _context(self) -> ssl.SSLContext:
        """One context for all connections, made when the first needs it: reading the roots takes milliseconds."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    def _watch(self) -> None:
        """Look at every connection a few times within the shortest phase."""
        assert self._loop is not None
        now = self._loop.time()
        for lane in self._lanes.values():
            lane.check(now)
        self._timer = self._loop.call_later(self._interval(), self._watch)

    def _interval(self) -> float:
        phases = self._timeouts
        shortest = min(phases.write_seconds, phases.first_byte_seconds, phases.idle_seconds, phases.total_seconds)
        return min(1.0, max(0.01, min(shortest, self._limits.keep_seconds) / _CHECKS_PER_PHASE))


def _allow_all(_host: str) -> str:
    return ""
