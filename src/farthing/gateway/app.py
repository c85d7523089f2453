"""The gateway as one application: a table of paths, and nothing that is not in it passes."""

import asyncio
import logging
from typing import Protocol

from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest, LedgerUnavailable
from farthing.gateway import health, metrics, relay
from farthing.gateway.admin.door import serve_admin
from farthing.gateway.admin.entrance import HERE, Entrance
from farthing.gateway.calls import serve_call
from farthing.gateway.gemini import call_at
from farthing.gateway.once import Once
from farthing.gateway.reply import Headers, free, numbered, send_error
from farthing.gateway.responses import BELOW, serve_stored
from farthing.gateway.routes import CALLS, dialect_of
from farthing.gateway.turn import ClientLeft, Turn

log = logging.getLogger("farthing.gateway")

CLIENT_SIDE = ("/v1/", "/v1beta/")
"""Below these paths every answer carries our headers."""

_STOPPED = BadRequest(
    "the gateway was stopped before the answer came; if the call was sent, what it cost is not known yet",
    status=503,
    code="gateway_stopped",
)


class Pages(Protocol):
    """Pages for people on the gateway's own port: the dashboard."""

    def serves(self, path: str) -> bool:
        """Whether this decoded path is one of theirs."""
        ...

    async def answer(self, turn: Turn, entrance: Entrance = HERE) -> None:
        """Answer one request, errors included. Raises ClientLeft."""
        ...


class Gateway:
    """One gateway over one engine."""

    def __init__(self, engine: Engine, pages: Pages | None = None) -> None:
        self.engine = engine
        self.pages = pages
        self.once = Once(engine)
        self.closing = False
        """Set when the server begins to drain: `/readyz` says no, calls in flight go on."""

    async def __call__(self, turn: Turn) -> None:
        """Answer one request."""
        constant = turn.request.constant
        path = constant.path
        route = CALLS.get(path)
        try:
            if route is None and ":" in path and constant.method == "POST":
                route = call_at(path, constant.query)
            if route is not None and constant.method == "POST":
                await serve_call(self.engine, self.once, route, turn)
            else:
                await self._elsewhere(path, turn)
        except (BadRequest, LedgerUnavailable) as error:
            await _say(turn, path, error, free(self.engine))
        except ClientLeft:
            return
        except asyncio.CancelledError:  # the server stops, and waits no longer
            await _say(turn, path, _STOPPED, numbered(self.engine))
            raise
        except Exception:
            # An error of ours must not take the connection's other requests with it; the hold, if any, is kept.
            log.exception("%s %s failed", constant.method, path)
            ours = BadRequest("an error of the gateway's own; see its log", status=500, code="internal")
            await _say(turn, path, ours, numbered(self.engine))  # a call may have been billed: no cost is told

    async def _elsewhere(self, path: str, turn: Turn) -> None:
        method = turn.request.constant.method
        if path == "/healthz":
            await health.alive(turn)
        elif path == "/readyz":
            await health.ready(self.engine, turn, closing=self.closing)
        elif path == metrics.PATH:
            await metrics.metrics(self.engine, turn)
        elif path.startswith("/farthing/"):
            await serve_admin(self.engine, turn)
        elif self.pages is not None and self.pages.serves(path):
            await self.pages.answer(turn)
        elif path in CALLS:
            # 426 is the one status at which Codex asks no second time for a web socket, and goes on with plain requests
            status = 426 if b"websocket" in turn.request.named.get(b"upgrade", b"").lower() else 405
            raise BadRequest(
                f"{path} takes POST; web sockets are not offered", status=status, code="method_not_allowed"
            )
        elif path == "/v1/messages/count_tokens" and method == "POST":
            await relay.count_tokens(self.engine, turn)
        elif path.endswith(":countTokens") and method == "POST":
            await relay.count_gemini_tokens(self.engine, turn)
        elif path.startswith(("/v1/models", "/v1beta/models")) and method == "GET":
            await relay.models(self.engine, turn)
        elif path.startswith(BELOW):
            await serve_stored(self.engine, turn)
        else:
            raise BadRequest(
                f"{method} {path} is not offered: what Farthing does not govern it does not pass on",
                status=404,
                code="not_found",
            )


async def _say(turn: Turn, path: str, error: BadRequest | LedgerUnavailable, headers: Headers) -> None:
    """Tell the client, unless it already has the beginning of another answer. `headers` are those of the client side."""
    if turn.started:
        await turn.cut()
    else:
        await send_error(turn, dialect_of(path), error, *(headers if path.startswith(CLIENT_SIDE) else ()))
