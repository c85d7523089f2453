"""One call of a tool: may it go, its money, the function itself, and what came of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from farthing.call.tool_money import Buying
from farthing.config.engine import wall_ms
from farthing.sdk.amounts import nanos_of
from farthing.sdk.loops import here
from farthing.sdk.scope import Scope, within
from farthing.sdk.tool_errors import NotCharged, ToolRefused
from farthing.sdk.tool_guard import Ticket, ToolGuard, said_by
from farthing.sdk.tool_money import Payment, Till, Told
from farthing.sdk.tool_terms import Tool

_INTERRUPTED = "interrupted before it ran"


class Box(Protocol):
    """What a call needs of the tools of its run."""

    till: Till
    guard: ToolGuard

    def count(
        self, tool: str, *, calls: int = 0, failed: int = 0, refused: int = 0, seconds: float = 0.0, nanos: int = 0
    ) -> None: ...

    def tell(self, finding: object) -> None: ...


class Use:
    """One call of a tool: `begin`, then `pay`, then run it, and `ended`."""

    def __init__(self, box: Box, what: Tool, arguments: bytes, scope: Scope) -> None:
        self.what = what
        self._box = box
        self._arguments = arguments
        self._scope = scope
        self._ticket: Ticket | None = None
        self._paying: Payment | None = None
        self._told: Told = None
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

    def pay(self) -> None:
        """Hold what it costs. Raises ToolRefused, LedgerUnavailable or Misused; nothing is held then."""
        with self._asking():
            self._box.till.hold(self._buying(), self._scope.labels, self._took)

    async def pay_async(self) -> None:
        """The same, while the caller's loop goes on."""
        with self._asking():
            await self._box.till.hold_async(self._buying(), self._scope.labels, self._took)

    def _buying(self) -> Buying:
        return Buying(self.what.name, self.what.most_nanos, known=not callable(self.what.cost))

    def _took(self, paying: Payment) -> None:
        """In whatever thread it is."""
        self._paying = paying
        if self._unwanted:
            paying.void(_INTERRUPTED)

    def heard(self) -> None:
        """Wait until its money is counted: what is left is known after it."""
        if self._told is not None:
            self._told.result()

    async def heard_async(self) -> None:
        """The same, while the caller's loop goes on."""
        if self._told is not None:
            await here().heard(self._told)

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
            self._paying.void(_INTERRUPTED)  # a second end changes nothing
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
            end = self._paying.void if isinstance(error, NotCharged) else self._paying.lose
            self._told = end(reason)
        self._counted(failed=True, nanos=0)

    def _settled(self, result: Any) -> int:
        if self._paying is None:
            return 0
        nanos, cost = self.what.most_nanos, self.what.cost
        if callable(cost):
            try:
                nanos = nanos_of(f"{self.what.name}: cost", cost(result))
            except BaseException:
                self._told = self._paying.lose("nobody could say what the tool cost")
                raise
        self._told = self._paying.settle(nanos)
        return nanos

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
        try:
            with use.watching():
                result = work()
            return use.ended(result)
        finally:
            use.heard()


async def run_async(use: Use, work: Callable[[], Any]) -> Any:
    """Make a call of an asynchronous one."""
    with use.scope():
        try:
            use.begin()
            if use.what.most_nanos:
                await use.pay_async()
        except ToolRefused as refused:
            return _told(use, refused)
        try:
            with use.watching():
                result = await work()
            return use.ended(result)
        finally:
            await use.heard_async()


def _told(use: Use, refused: ToolRefused) -> str:
    if not use.what.tells:
        raise refused
    return refused.for_model
