"""One call of a tool: may it go, its money, the function itself, and what came of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from farthing.config.engine import Engine, wall_ms
from farthing.sdk.engine import LocalEngine
from farthing.sdk.scope import Scope, within
from farthing.sdk.tool_errors import NotCharged, ToolRefused, refused_by
from farthing.sdk.tool_guard import Ticket, ToolGuard, said_by
from farthing.sdk.tool_money import Paying, hold, lose, settle, void
from farthing.sdk.tool_terms import Tool, nanos_of


class Box(Protocol):
    """What a call needs of the tools of its run."""

    local: LocalEngine | None
    guard: ToolGuard

    def count(
        self, tool: str, *, calls: int = 0, failed: int = 0, refused: int = 0, seconds: float = 0.0, nanos: int = 0
    ) -> None: ...

    def tell(self, finding: object) -> None: ...


class Use:
    """One call of a tool: `begin`, then `pay`, then run it, and `ended`."""

    def __init__(self, box: Box, what: Tool, arguments: bytes, scope: Scope) -> None:
        self.what = what
        self.local = box.local
        self._box = box
        self._arguments = arguments
        self._scope = scope
        self._ticket: Ticket | None = None
        self._paying: Paying | None = None
        self._started = 0.0
        self._unwanted = False
        """Whoever asked for the money has left."""

    def scope(self) -> AbstractContextManager[None]:
        """What the tool itself asks of models is the run's."""
        return within(self._scope)

    def begin(self) -> None:
        """Raises ToolRefused."""
        try:
            self._ticket = self._box.guard.begin(self.what.name, self._arguments, self.what.limits, wall_ms())
        except ToolRefused:
            self._box.count(self.what.name, refused=1)
            raise
        self._started = time.monotonic()

    async def _ask(self) -> None:
        """On the engine's loop."""
        known = not callable(self.what.cost)
        found = await hold(self._engine(), self.what.name, self._scope.labels, self.what.most_nanos, known=known)
        if not isinstance(found, Paying):
            raise refused_by(found, self.what.name)
        self._paying = found
        if self._unwanted:
            self._soon(void, "interrupted before it ran")

    def pay(self) -> None:
        """Hold what it costs. Raises ToolRefused or LedgerUnavailable; nothing is held then."""
        assert self.local is not None
        with self._asking():
            self.local.do(self._ask())

    async def pay_async(self) -> None:
        """The same, while the caller's loop goes on."""
        assert self.local is not None
        with self._asking():
            await self.local.do_async(self._ask())

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._unpaid(error)
            raise

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around the tool itself."""
        try:
            yield
        except BaseException as error:
            self._failed(error)
            raise

    def _unpaid(self, error: BaseException) -> None:
        """It did not get its money, or was interrupted while it waited for it: it is not run."""
        self._unwanted = True
        if self._paying is not None:
            self._soon(void, "interrupted before it ran")  # a second end changes nothing
        self._over(None, failed=False)
        if isinstance(error, ToolRefused):
            self._box.count(self.what.name, refused=1)

    def ended(self, result: Any) -> Any:
        """It gave this. Raises what its own `cost` raised; then the money that was held counts as spent."""
        said, is_error = said_by(result)
        self._over(said, failed=is_error)
        nanos = 0
        try:
            nanos = self._settled(result)
        finally:
            self._counted(failed=is_error, nanos=nanos)
        return result

    def _failed(self, error: BaseException) -> None:
        """It raised this."""
        self._over(f"{type(error).__name__}: {error}", failed=True)
        reason = f"the tool failed: {type(error).__name__}"
        if self._paying is not None:
            self._soon(void if isinstance(error, NotCharged) else lose, reason)
        self._counted(failed=True, nanos=0)

    def _settled(self, result: Any) -> int:
        if self._paying is None:
            return 0
        nanos, cost = self.what.most_nanos, self.what.cost
        if callable(cost):
            try:
                nanos = nanos_of(self.what.name, cost(result))
            except BaseException:
                self._soon(lose, "nobody could say what the tool cost")
                raise
        self._soon(settle, nanos)
        return nanos

    def _soon(self, end: Callable[..., None], word: Any) -> None:
        """On the engine's loop, before whatever it is asked next."""
        assert self.local is not None
        engine, paying = self._engine(), self._paying
        self.local.soon(lambda: end(engine, paying, word))

    def _engine(self) -> Engine:
        assert self.local is not None, "a tool that costs money was taken"
        return self.local.engine

    def _over(self, said: str | None, *, failed: bool) -> None:
        assert self._ticket is not None
        finding = self._box.guard.end(self._ticket, said, failed=failed)
        if finding is not None:
            self._box.tell(finding)

    def _counted(self, *, failed: bool, nanos: int) -> None:
        seconds = time.monotonic() - self._started
        self._box.count(self.what.name, calls=1, failed=int(failed), seconds=seconds, nanos=nanos)


def run(use: Use, work: Callable[[], Any]) -> Any:
    """Make a call of a blocking tool."""
    with use.scope():
        try:
            use.begin()
            if use.what.most_nanos:
                use.pay()
        except ToolRefused as refused:
            return _told(use, refused)
        with use.watching():
            result = work()
        return use.ended(result)


async def run_async(use: Use, work: Callable[[], Any]) -> Any:
    """Make a call of an asynchronous one."""
    with use.scope():
        try:
            use.begin()
            if use.what.most_nanos:
                await use.pay_async()
        except ToolRefused as refused:
            return _told(use, refused)
        with use.watching():
            result = await work()
        return use.ended(result)


def _told(use: Use, refused: ToolRefused) -> str:
    if not use.what.tells:
        raise refused
    return refused.for_model
