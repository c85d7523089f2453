"""The gateway as one bare ASGI application: a table of paths, and nothing that is not in it passes."""

import logging

from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest, LedgerUnavailable
from farthing.gateway import health, relay
from farthing.gateway.admin.door import serve_admin
from farthing.gateway.body import ClientLeft
from farthing.gateway.calls import serve_call
from farthing.gateway.client import HttpClient, Receive, Scope, Send
from farthing.gateway.once import Once
from farthing.gateway.reply import Headers, free, numbered, send_error
from farthing.gateway.routes import CALLS, dialect_of

log = logging.getLogger("farthing.gateway")

CLIENT_SIDE = "/v1/"
"""Below this path every answer carries our headers."""


class Gateway:
    """One gateway over one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.once = Once(engine)
        self.closing = False
        """Set when the server begins to drain: `/readyz` says no, calls in flight go on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI; turns write themselves
        assert scope["type"] == "http", "the server is told to handle HTTP only"
        client = HttpClient(scope, receive)
        path = scope["path"]
        route = CALLS.get(path)
        try:
            if route is not None and scope["method"] == "POST":
                await serve_call(self.engine, self.once, route, scope, receive, client)
            else:
                await self._elsewhere(path, scope, receive, client)
        except (BadRequest, LedgerUnavailable) as error:
            await _say(client, path, error, free(self.engine))
        except ClientLeft:
            return
        except Exception:
            # An error of ours must not take the connection's other requests with it; the hold, if any, is kept.
            log.exception("%s %s failed", scope["method"], path)
            ours = BadRequest("an error of the gateway's own; see its log", status=500, code="internal")
            await _say(client, path, ours, numbered(self.engine))  # a call may have been billed: no cost is told

    async def _elsewhere(self, path: str, scope: Scope, receive: Receive, client: HttpClient) -> None:
        method = scope["method"]
        if path == "/healthz":
            await health.alive(client)
        elif path == "/readyz":
            await health.ready(self.engine, client, closing=self.closing)
        elif path.startswith("/farthing/"):
            await serve_admin(self.engine, scope, receive, client)
        elif path in CALLS:
            raise BadRequest(f"{path} takes POST; web sockets are not offered", status=405, code="method_not_allowed")
        elif path == "/v1/messages/count_tokens" and method == "POST":
            await relay.count_tokens(self.engine, scope, receive, client)
        elif path.startswith("/v1/models") and method == "GET":
            await relay.models(self.engine, scope, client)
        elif path.startswith("/v1/responses/") and method == "GET":
            await relay.fetch_response(self.engine, scope, client)
        else:
            raise BadRequest(
                f"{method} {path} is not offered: what Farthing does not govern it does not pass on",
                status=404,
                code="not_found",
            )


async def _say(client: HttpClient, path: str, error: BadRequest | LedgerUnavailable, headers: Headers) -> None:
    """Tell the client, unless it already has the beginning of another answer. `headers` are those of the client side."""
    if client.started:
        await client.cut()
    else:
        await send_error(client, dialect_of(path), error, *(headers if path.startswith(CLIENT_SIDE) else ()))
