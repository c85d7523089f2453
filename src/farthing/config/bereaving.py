"""Finding runs whose process died, while this one lives: soon enough that little is spent in the name of the dead."""

import asyncio
import logging
from collections.abc import Callable

from farthing.domain.errors import FarthingError
from farthing.ports.guards import GuardStore

LOOK_SECONDS = 2.0
"""As often as the ledger looks for what dead processes held."""

_log = logging.getLogger("farthing.guards")


async def bereave_for_ever(store: GuardStore, found: Callable[[], None], *, every: float = LOOK_SECONDS) -> None:
    """Never returns. `found` is called when runs were bereft; a store that cannot be used now is asked again."""
    while True:
        await asyncio.sleep(every)
        try:
            runs = await asyncio.to_thread(store.bereave)
        except FarthingError as error:
            _log.warning("whether processes died cannot be told now: %s", error)
            continue
        if runs:
            _log.warning("the program that opened %s is gone; calls in that name are refused", ", ".join(runs))
            found()
