"""The loop: look at the ledger every few seconds or when told to, and deliver what there is to tell."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from farthing.alerts.watch import Watch
from farthing.domain.errors import LedgerUnavailable
from farthing.notify.courier import Courier
from farthing.notify.notices import Notices
from farthing.notify.thread import to_its_end
from farthing.ports.alerts import Outbox

log = logging.getLogger("farthing.alerts")

EVERY_SECONDS = 5.0
SHARE_OF_TIME = 10
"""A round that took long is followed by a pause of at least this many times as long."""


async def watch(
    watch: Watch,
    courier: Courier,
    *,
    clock: Callable[[], int],
    outbox: Outbox,
    notices: Notices,
    every_seconds: float = EVERY_SECONDS,
) -> None:
    """Run until cancelled. The bell of `notices` makes it look sooner, though it never takes more than its share of time.

    Deliveries run beside it: a dead endpoint keeps neither the looking nor other addresses waiting. When the store is
    down, nothing is lost: what it holds is told once it is back.
    """
    deliveries: set[asyncio.Task[None]] = set()
    try:
        while True:
            notices.bell.clear()
            began = time.monotonic()
            await _look(watch, clock, outbox, notices)
            delivery = asyncio.create_task(_deliver(courier))
            deliveries.add(delivery)
            delivery.add_done_callback(deliveries.discard)
            rest = SHARE_OF_TIME * (time.monotonic() - began)
            await asyncio.sleep(rest)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, every_seconds - rest)):
                    await notices.bell.wait()
    finally:
        for delivery in deliveries:
            delivery.cancel()
        await asyncio.gather(*deliveries, return_exceptions=True)


async def _look(watch: Watch, clock: Callable[[], int], outbox: Outbox, notices: Notices) -> None:
    try:
        await notices.keep(outbox)
        await to_its_end(watch.step, clock())
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
