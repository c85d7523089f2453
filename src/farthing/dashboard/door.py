"""The dashboard's door: which paths are its own, and a bounded number of them at work at a time.

What renders pages is loaded with the first one, so a gateway that nobody looks at carries none of it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from farthing.config.engine import Engine
from farthing.dashboard.paths import is_ours
from farthing.domain.errors import BadRequest
from farthing.gateway.admin.entrance import HERE, Entrance
from farthing.gateway.turn import Turn

if TYPE_CHECKING:
    from farthing.dashboard.desk import Desk

WORKERS = 2
"""Threads that read and render: pages never take the threads that calls need."""
MOST_AT_A_TIME = 64
"""Requests that may be at work or wait for a thread; further ones are told to come back."""

T = TypeVar("T")


class Dashboard:
    """`farthing.gateway.app.Pages` over one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.at_work = 0
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="farthing dashboard")
        self._desk: Desk | None = None

    def serves(self, path: str) -> bool:
        return is_ours(path)

    async def answer(self, turn: Turn, entrance: Entrance = HERE) -> None:
        self.at_work += 1
        try:
            if self._desk is None:
                from farthing.dashboard.desk import Desk  # noqa: PLC0415 - Jinja loads with the first page

                self._desk = Desk(self.engine, self.aside)
            await self._desk.answer(turn, entrance)
        finally:
            self.at_work -= 1

    async def aside(self, work: Callable[[], T]) -> T:
        """Do this in one of the dashboard's own threads. Raises BadRequest 503 where too many wait already."""
        if self.at_work > MOST_AT_A_TIME:
            raise BadRequest("the dashboard is busy; it will try again", status=503, code="busy")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
