"""The loop: look at the ledger every few seconds or when told to, and deliver what there is to tell."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from farthing.alerts.watch import Watch
from farthing.domain.errors import LedgerUnavailable
from farthing.notify.courier import Courier

log = logging.getLogger("farthing.alerts")

EVERY_SECONDS = 5.0
SHARE_OF_TIME = 10
"""A round that took long is followed by a pause of at least this many times as long."""


async def watch(
    watch: Watch,
    courier: Courier,
    *,
    clock: Callable[[], int],
    bell: asyncio.Event,
    every_seconds: float = EVERY_SECONDS,
) -> None:
    """Run until cancelled. Ring the bell to look at once, after a budget was crossed or an event noted.

    Deliveries run beside it: a dead endpoint keeps neither the looking nor other addresses waiting. When the store is
    down, nothing is lost: what it holds is told once it is back.
    """
    deliveries: set[asyncio.Task[None]] = set()
    try:
        while True:
            bell.clear()
            began = time.monotonic()
            await _look(watch, clock)
            delivery = asyncio.create_task(_deliver(courier))
            deliveries.add(delivery)
            delivery.add_done_callback(deliveries.discard)
            pause = max(every_seconds, SHARE_OF_TIME * (time.monotonic() - began))
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await bell.wait()
    finally:
        for delivery in deliveries:
            delivery.cancel()
        await asyncio.gather(*deliveries, return_exceptions=True)


async def _look(watch: Watch, clock: Callable[[], int]) -> None:
    try:
        await asyncio.to_thread(watch.step, clock())
    except LedgerUnavailable as error:
        log.warning("alerts could not be judged, and will be when the store is back: %s", error)
    except Exception:
        log.exception("a round of alerts failed; the next one follows")


async def _deliver(courier: Courier) -> None:
    try:
        await courier.deliver_due()
    except* LedgerUnavailable as errors:
        log.warning("alerts could not be delivered, and will be when the store is back: %s", errors.exceptions[0])
    except* Exception:
        log.exception("a round of deliveries failed; the next one follows")
