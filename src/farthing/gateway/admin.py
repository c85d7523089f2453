"""The admin side."""

from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest
from farthing.gateway.client import HttpClient, Receive, Scope


async def serve_admin(engine: Engine, scope: Scope, receive: Receive, client: HttpClient) -> None:
    """Not here yet."""
    raise BadRequest("not found", status=404)
