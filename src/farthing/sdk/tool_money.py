"""Money for tools, as a program in process holds it: at the engine of this process, or at a gateway (`remote_money`).

What holding and settling mean stands in `farthing.call.tool_money`, which both come to.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from farthing.call.arrival import Caller
from farthing.call.tool_money import Buying, Paying, hold, lose, settle, void
from farthing.domain.record import Labels
from farthing.domain.refusal import Refusal
from farthing.pricing.tool_price import TOOL
from farthing.sdk.engine import LocalEngine
from farthing.sdk.tool_errors import refused_by

Told = Future[None] | None
"""Done once an end is counted where the money is; None where whatever is asked next comes after it anyway."""


class Payment(Protocol):
    """A tool's money in hand: whoever has it brings it to exactly one end. A second one changes nothing."""

    def settle(self, nanos: int) -> Told:
        """It cost this."""
        ...

    def lose(self, reason: str) -> Told:
        """It failed, and nobody knows whether it is billed: what was held counts as spent."""
        ...

    def void(self, reason: str) -> Told:
        """Nothing was bought."""
        ...


Took = Callable[[Payment], None]
"""Given the money as soon as it is held, in whatever thread that is, and also where the asker has left meanwhile."""


class Till(Protocol):
    """Where tools of one run get their money. Both raise ToolRefused, LedgerUnavailable or Misused; nothing is held then."""

    def hold(self, buying: Buying, labels: Labels, took: Took) -> None:
        """Wait until it is held."""
        ...

    async def hold_async(self, buying: Buying, labels: Labels, took: Took) -> None:
        """The same, while the caller's loop goes on."""
        ...


class LocalTill:
    """`Till` by the engine in this process."""

    def __init__(self, local: LocalEngine) -> None:
        self._local = local

    def hold(self, buying: Buying, labels: Labels, took: Took) -> None:
        self._local.do(self._hold(buying, labels, took))

    async def hold_async(self, buying: Buying, labels: Labels, took: Took) -> None:
        await self._local.do_async(self._hold(buying, labels, took))

    async def _hold(self, buying: Buying, labels: Labels, took: Took) -> None:
        """On the engine's loop."""
        engine = self._local.engine
        caller = Caller(labels=tuple(sorted({**dict(labels), TOOL: buying.tool}.items())))
        found = await hold(engine, engine.mint(engine.now_ms()), buying, caller)
        if isinstance(found, Refusal):
            raise refused_by(found, buying.tool)
        took(LocalPayment(self._local, found))


class LocalPayment:
    """`Payment` on the engine's loop, before whatever that is asked next."""

    def __init__(self, local: LocalEngine, paying: Paying) -> None:
        self._local = local
        self._paying = paying

    def settle(self, nanos: int) -> Told:
        self._local.soon(lambda: settle(self._local.engine, self._paying, nanos))
        return None

    def lose(self, reason: str) -> Told:
        self._local.soon(lambda: lose(self._local.engine, self._paying, reason))
        return None

    def void(self, reason: str) -> Told:
        self._local.soon(lambda: void(self._local.engine, self._paying, reason))
        return None
