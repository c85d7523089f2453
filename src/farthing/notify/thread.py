"""Work in a thread that is never left behind: whoever is cancelled waits for it, so that a store can be closed after."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def to_its_end(do: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """As `asyncio.to_thread`, but when this is cancelled the thread is over before the cancellation goes on."""
    working = asyncio.ensure_future(asyncio.to_thread(do, *args, **more))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait((working,))
        if not working.cancelled():
            working.exception()  # seen: nobody is left to be told
        raise
