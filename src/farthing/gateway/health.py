"""Is it alive, and may it be sent calls?"""

from farthing.config.engine import Engine
from farthing.domain.errors import LedgerUnavailable
from farthing.gateway.client import HttpClient
from farthing.gateway.reply import send_json


async def alive(client: HttpClient) -> None:
    """The process answers. Nothing else is looked at."""
    await send_json(client, 200, {"status": "ok"})


async def ready(engine: Engine, client: HttpClient, *, closing: bool) -> None:
    """200 when calls can be admitted: the ledger writes durably, and the server is not draining."""
    if closing:
        await send_json(client, 503, {"status": "draining"})
        return
    try:
        await engine.ledger.flush()
    except LedgerUnavailable as error:
        await send_json(client, 503, {"status": "ledger unavailable", "detail": str(error)})
        return
    await send_json(client, 200, {"status": "ready"})
