"""What many look at at once is read once: an answer is shared by everybody who asks within a moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

FRESH_MS = 900


class Shared:
    """Remembers the latest answers by name, for `FRESH_MS`. One event loop."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, asyncio.Future[Any]]] = {}

    async def get(self, name: str, now_ms: int, work: Callable[[], Awaitable[Any]]) -> Any:
        """What `work` gave at most a moment ago, or gives now. Whoever comes while it works waits for the same."""
        kept = self._kept.get(name)
        if kept is not None and 0 <= now_ms - kept[0] < FRESH_MS and not _failed(kept[1]):
            return await asyncio.shield(kept[1])
        doing = asyncio.ensure_future(work())
        self._kept[name] = (now_ms, doing)
        return await asyncio.shield(doing)


def _failed(done: "asyncio.Future[Any]") -> bool:
    return done.done() and (done.cancelled() or done.exception() is not None)
