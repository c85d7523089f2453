"""The caller's own event loop: asyncio's, or trio's where that is what runs. Nothing is imported for it: who runs trio has it.

The engine has a thread and a loop of its own; what is said here is how a task of the caller waits for it and hears from it.
"""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from farthing.sdk.errors import Misused

T = TypeVar("T")

log = logging.getLogger("farthing.sdk")


class Mailbox(Protocol[T]):
    """A queue without an end: put from the loop, got by one task."""

    def put(self, letter: T) -> None: ...

    async def get(self) -> T: ...


class Loop(Protocol):
    """The loop of the task that asked for it with `here`."""

    def soon(self, act: Callable[..., object], *values: object) -> None:
        """Do this on the loop, from any thread. Raises RuntimeError where the loop is closed."""
        ...

    def mailbox(self) -> Mailbox[Any]: ...

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """A task of nobody's, from the loop; cancelled where the loop ends before it."""
        ...

    async def in_thread(self, act: Callable[[], T]) -> T:
        """Do what blocks, in a thread, with the context of the caller. It is done to its end, whoever is cancelled."""
        ...

    async def answer(self, future: "Future[T]") -> T:
        """What comes of work in another thread. Where the caller is cancelled, so is the work."""
        ...

    async def heard(self, future: "Future[T]") -> T:
        """The same, for what must be done: a caller that was cancelled before waits for it all the same."""
        ...


def here() -> Loop:
    """The loop that runs this task. Raises Misused under any other kind than the two."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_task():
        return _Trio(trio)
    try:
        return _Asyncio(asyncio.get_running_loop())
    except RuntimeError:
        raise Misused(
            "asynchronous clients and budgets work on asyncio and on trio, and none of them runs here; nothing was sent. "
            "Use the blocking client and `with farthing.budget(…)` in a thread"
        ) from None


class _Asyncio:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def soon(self, act: Callable[..., object], *values: object) -> None:
        self._loop.call_soon_threadsafe(act, *values)

    def mailbox(self) -> Mailbox[Any]:
        return _Queue()

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = self._loop.create_task(_alone(work))
        _begun.add(task)
        task.add_done_callback(_begun.discard)

    async def in_thread(self, act: Callable[[], T]) -> T:
        return await asyncio.to_thread(act)

    async def answer(self, future: "Future[T]") -> T:
        return await asyncio.wrap_future(future)

    async def heard(self, future: "Future[T]") -> T:
        return await asyncio.wrap_future(future)  # who was cancelled before is not cancelled again here


_begun: set[asyncio.Task[None]] = set()
"""asyncio itself holds its tasks weakly."""


class _Queue:
    def __init__(self) -> None:
        self._letters: asyncio.Queue[Any] = asyncio.Queue()
        self.put = self._letters.put_nowait
        self.get = self._letters.get


class _Trio:
    def __init__(self, trio: Any) -> None:
        self._trio = trio
        self._token = trio.lowlevel.current_trio_token()

    def soon(self, act: Callable[..., object], *values: object) -> None:
        self._token.run_sync_soon(act, *values)  # RunFinishedError is a RuntimeError

    def mailbox(self) -> Mailbox[Any]:
        return _Channel(self._trio)

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._trio.lowlevel.spawn_system_task(_alone, work)

    async def in_thread(self, act: Callable[[], T]) -> T:
        with self._trio.CancelScope(shield=True):  # or a block that was cancelled could not be closed
            done: list[T] = await self._trio.to_thread.run_sync(lambda: [act()])  # bare, it would refuse a coroutine
        return done[0]

    async def answer(self, future: "Future[T]") -> T:
        done = self._trio.Event()
        future.add_done_callback(lambda _: self._tell(done.set))
        try:
            await done.wait()
        except BaseException:
            future.cancel()
            raise
        return future.result()

    async def heard(self, future: "Future[T]") -> T:
        with self._trio.CancelScope(shield=True):
            return await self.answer(future)

    def _tell(self, act: Callable[[], object]) -> None:
        try:
            self.soon(act)
        except RuntimeError:  # nobody waits any more: the run is over
            return


class _Channel:
    def __init__(self, trio: Any) -> None:
        send, receive = trio.open_memory_channel(float("inf"))
        self.put = send.send_nowait
        self.get = receive.receive


async def _alone(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """A fault in a task of nobody's would end a trio program, and asyncio would tell of it late: it is logged."""
    try:
        await work()
    except Exception:
        log.exception("what was left of a call could not be finished")
