"""Waiting for a tool's money, as long as somebody wants it: whoever asked may hang up, die, or say that it is not needed."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from farthing.gateway.client import PatientClient

T = TypeVar("T")


class Asking:
    """One request for money, from its arrival until it has it."""

    def __init__(self, client: PatientClient | None) -> None:
        """`client` None: somebody who stays, like a page of the dashboard."""
        self._client = client
        self._withdrawn = asyncio.Event()

    def withdraw(self) -> None:
        """It is not needed any more."""
        self._withdrawn.set()

    @property
    def over(self) -> bool:
        """Nobody will hear of the money: the tool cannot run on it."""
        return self._withdrawn.is_set() or (self._client is not None and self._client.gone)

    async def while_wanted(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What comes of it; None, and it was cancelled, where its asker left before that."""
        working = asyncio.ensure_future(work)
        ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._withdrawn.wait())]
        if self._client is not None:
            ends.append(asyncio.ensure_future(self._client.left()))
        try:
            await asyncio.wait((working, *ends), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (working, *ends):
                each.cancel()  # nothing for one that is done
            await asyncio.wait((working, *ends))
        return None if working.cancelled() else working.result()
