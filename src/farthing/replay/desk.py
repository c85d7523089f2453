"""The desk of a replay: everything that calls need from the outside, in one thread and in made-up time."""

import asyncio
from collections.abc import Callable

from farthing.call.desk import Heard, Limits
from farthing.call.guards import Guards
from farthing.call.nearing import Nearing
from farthing.call.rules import Rules
from farthing.call.stages import ContextOf, ExactCount, Need, ProviderCount
from farthing.domain.budget import AccountKey
from farthing.domain.hold import Declined, Reserve, Reserved, Short
from farthing.guard.providers import Providers
from farthing.ports.alerts import Event
from farthing.ports.approvals import Approval, Petition, opened
from farthing.ports.client import Client
from farthing.ports.ledger import Ledger
from farthing.ports.upstream import Upstream
from farthing.replay.clockwork import VirtualLoop
from farthing.replay.draft import RecordedDraft
from farthing.replay.ledger import ReplayLedger
from farthing.tokens.ratio import Ratios


class Nobody:
    """`farthing.call.desk.Approver` without people: whatever is asked stays unanswered."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._asked = 0

    def passed(self, account: AccountKey, at_millionths: int) -> bool:  # noqa: ARG002
        return False

    async def ask(self, petition: Petition) -> Approval:
        self._asked += 1
        return opened(self._asked, petition, self._loop.now_ms())

    async def hear(self, approval: Approval, limit: int | None, seconds: float, client: Client) -> Heard | None:  # noqa: ARG002
        await asyncio.sleep(seconds)
        return Heard(approval)


class ReplayDesk:
    """`farthing.call.desk.Desk`."""

    def __init__(
        self, *, rules: Rules, ledger: ReplayLedger, guards: Guards | None, upstream: Upstream, loop: VirtualLoop
    ) -> None:
        self.rules = rules
        self.ledger: Ledger = ledger
        self.guards = guards
        self.ratios = Ratios()
        self.limits = Limits()
        self.nearing = Nearing()
        self.health = Providers()
        self.approvals = Nobody(loop)
        self.draining = 0
        self._upstream = upstream
        self._loop = loop

    def now_ms(self) -> int:
        return self._loop.now_ms()

    def notice(self, event: Event) -> None:
        """Nobody is alerted of what is long past."""

    def upstream_of(self, provider: str) -> Upstream:  # noqa: ARG002 - the record answers for all of them
        return self._upstream

    async def answer(self, need: Need) -> int | None:
        match need:
            case ExactCount():
                assert isinstance(need.draft, RecordedDraft)
                return need.draft.exact_tokens()
            case ProviderCount():
                draft = need.plan.arrival.draft
                assert isinstance(draft, RecordedDraft)
                return draft.counted_tokens()
            case ContextOf():
                return None

    async def while_here(self, client: Client, ask: Reserve) -> Reserved | Short | Declined | None:  # noqa: ARG002
        return await self.ledger.reserve(ask)

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def later(self, seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, do)


class Caller:
    """`farthing.ports.client.Client` that takes every answer and never leaves."""

    __slots__ = ("headers", "status")

    gone = False

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []

    @property
    def retry_after_seconds(self) -> int | None:
        """When a rate that was passed opens again; None where the answer is final."""
        if self.status != 429:
            return None
        return next((int(value) for name, value in self.headers if name == b"retry-after"), None)

    async def whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:  # noqa: ARG002
        self.status, self.headers = status, headers

    async def head(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.status, self.headers = status, headers

    def write(self, piece: bytes) -> bool:  # noqa: ARG002
        return True

    async def drained(self) -> None:
        """It is never behind."""

    async def body(self, piece: bytes) -> None:
        """It keeps nothing."""

    async def end(self, last: bytes = b"") -> None:
        """It keeps nothing."""

    async def cut(self) -> None:
        """It keeps nothing."""

    def when_gone(self, do: Callable[[], None]) -> None:
        """It never goes."""
