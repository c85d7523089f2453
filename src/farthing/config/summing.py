"""Summing up the past while the gateway serves: small pieces in a thread, with rests in between."""

import asyncio
import logging

from farthing.domain.errors import LedgerUnavailable
from farthing.ports.history import History

IDLE_SECONDS = 15.0
"""How soon to look again when nothing was left to do."""
REST_SECONDS = 0.1
"""Between pieces, so that calls come first."""

_log = logging.getLogger("farthing.history")


async def sum_up_for_ever(history: History, *, idle: float = IDLE_SECONDS, rest: float = REST_SECONDS) -> None:
    """Never returns. A store that cannot be used now is tried again; a fault is told of and tried again too: sums only
    make pages quick, and nothing else waits for them."""
    while True:
        more = False
        try:
            more = await asyncio.to_thread(history.sum_up)
        except LedgerUnavailable as error:
            _log.warning("the past cannot be summed up now: %s", error)
        except Exception:  # noqa: BLE001 - whatever it is, pages are slow and calls go on
            _log.exception("the past could not be summed up")
        await asyncio.sleep(rest if more else idle)
