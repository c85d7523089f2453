"""`GET /metrics`: what Prometheus scrapes, for this machine without keys, and for keys with the right `metrics`."""

import asyncio
import time

from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest
from farthing.gateway.admin.access import admitted
from farthing.gateway.admin.entrance import HERE, Entrance
from farthing.gateway.client import HttpClient
from farthing.gateway.reply import send_bytes
from farthing.gateway.turn import Turn
from farthing.telemetry.prometheus import CONTENT_TYPE

PATH = "/metrics"
RIGHT = "metrics"
LOOK_EVERY_SECONDS = 0.5
_PRIVATE = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


async def metrics(engine: Engine, turn: Turn, entrance: Entrance = HERE) -> None:
    """Raises BadRequest 401 or 403 for whoever may not look, 405 for another method."""
    if turn.request.constant.method not in {"GET", "HEAD"}:
        raise BadRequest(f"{PATH} takes GET", status=405, code="method_not_allowed")
    admitted(turn.request.named, engine.keys, turn.peer, RIGHT, entrance)
    await send_metrics(engine, turn)


async def send_metrics(engine: Engine, client: HttpClient) -> None:
    """The exposition; 503 while what is recorded is still being summed for the first time. Raises LedgerUnavailable."""
    _watch_loop(engine)
    text = await asyncio.to_thread(engine.telemetry.scrape)
    if text is None:
        said = b"# what is already recorded is being summed; try again soon\n"
        await send_bytes(client, 503, said, (b"retry-after", b"2"), *_PRIVATE, content_type=b"text/plain")
        return
    await send_bytes(client, 200, text, *_PRIVATE, content_type=CONTENT_TYPE.encode())


def _watch_loop(engine: Engine) -> None:
    """From the first scrape on, see how late the event loop is."""
    if engine.telemetry.loop_lag_seconds is None:
        engine.telemetry.loop_lag_seconds = 0.0
        watch_lag(engine, asyncio.get_running_loop())


def watch_lag(engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
    """Note twice a second by how much the loop is behind: one timer, nothing on any call's way."""
    due = time.monotonic() + LOOK_EVERY_SECONDS

    def look() -> None:
        late = max(0.0, time.monotonic() - due)
        before = engine.telemetry.loop_lag_seconds or 0.0
        engine.telemetry.loop_lag_seconds = max(late, before * 0.9)  # a peak stays in sight until the next scrape
        watch_lag(engine, loop)

    loop.call_later(LOOK_EVERY_SECONDS, look)
