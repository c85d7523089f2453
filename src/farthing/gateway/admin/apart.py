"""The application behind `[admin] listen`: the admin side, the dashboard and /metrics, for keys. No call is answered."""

import logging

from farthing.domain.errors import BadRequest, LedgerUnavailable
from farthing.gateway import health, metrics
from farthing.gateway.admin.door import serve_admin
from farthing.gateway.admin.entrance import Apart
from farthing.gateway.app import Gateway
from farthing.gateway.reply import send_error
from farthing.gateway.routes import dialect_of
from farthing.gateway.turn import ClientLeft, Turn

log = logging.getLogger("farthing.gateway")


class AdminSide:
    """What a gateway shows on an address of its own."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        engine = gateway.engine
        self.entrance = Apart(lambda: engine.settings.admin)

    async def __call__(self, turn: Turn) -> None:
        """Answer one request."""
        constant = turn.request.constant
        try:
            await self._answer(constant.path, turn)
        except (BadRequest, LedgerUnavailable) as error:
            await _say(turn, error)
        except ClientLeft:
            return
        except Exception:
            log.exception("%s %s failed", constant.method, constant.path)
            await _say(turn, BadRequest("an error of the gateway's own; see its log", status=500, code="internal"))

    async def _answer(self, path: str, turn: Turn) -> None:
        gateway = self.gateway
        if path == "/healthz":
            await health.alive(turn)
        elif path == metrics.PATH:
            await metrics.metrics(gateway.engine, turn, self.entrance)
        elif path.startswith("/farthing/"):
            await serve_admin(gateway.engine, turn, self.entrance)
        elif gateway.pages is not None and gateway.pages.serves(path):
            await gateway.pages.answer(turn, self.entrance)
        else:
            raise BadRequest(
                "nothing is answered here but the admin side, the dashboard and /metrics; calls go to the gateway's address",
                status=404,
                code="not_found",
            )


async def _say(turn: Turn, error: BadRequest | LedgerUnavailable) -> None:
    if turn.started:
        await turn.cut()
    else:
        await send_error(turn, dialect_of("/farthing/"), error)
