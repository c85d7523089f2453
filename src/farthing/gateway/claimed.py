"""The desk of a call that has an idempotency key: it sends only while the key still stands for this call."""

import asyncio
from collections.abc import Callable

from farthing.call.desk import Approver, Desk, Timer
from farthing.call.guards import Guards
from farthing.call.rules import Rules
from farthing.call.stages import Need
from farthing.domain.errors import FarthingError, LedgerUnavailable
from farthing.domain.hold import Declined, Reserve, Reserved, Short, Void
from farthing.domain.ids import call_of
from farthing.domain.record import CallClosing
from farthing.ports.claims import Claim, Claims
from farthing.ports.client import Client
from farthing.ports.ledger import Ledger
from farthing.ports.upstream import Upstream

_WHY = "its idempotency key stands for a later call"


class ClaimLost(FarthingError):
    """Another call took the key before this one had reserved. Nothing was sent, and nothing is held any more."""


class ClaimedDesk:
    """`farthing.call.desk.Desk` around another. Between a durable reserve and its send it asks whose the key is."""

    def __init__(self, desk: Desk, claims: Claims, claim: Claim) -> None:
        self.attempts: dict[int, bool] = {}
        """Those that were reserved, each with whether it was given back."""
        self._desk = desk
        self._claims = claims
        self._claim = claim
        self.ledger: Ledger = _ClaimedLedger(desk.ledger, self)
        self.ratios = desk.ratios
        self.limits = desk.limits
        self.health = desk.health
        self.nearing = desk.nearing
        self.notice = desk.notice

    @property
    def approvals(self) -> Approver:
        return self._desk.approvals

    @property
    def guards(self) -> Guards | None:
        return self._desk.guards

    @property
    def rules(self) -> Rules:
        return self._desk.rules

    @property
    def draining(self) -> int:
        return self._desk.draining

    @draining.setter
    def draining(self, count: int) -> None:
        self._desk.draining = count

    def now_ms(self) -> int:
        return self._desk.now_ms()

    def upstream_of(self, provider: str) -> Upstream:
        return self._desk.upstream_of(provider)

    async def answer(self, need: Need) -> int | None:
        return await self._desk.answer(need)

    async def while_here(self, client: Client, ask: Reserve) -> Reserved | Short | Declined | None:
        found = await self._desk.while_here(client, ask)
        if isinstance(found, Reserved):
            await self.confirm(ask)
            self.attempts[ask.opening.id] = False
        return found

    async def pause(self, seconds: float) -> None:
        await self._desk.pause(seconds)

    def later(self, seconds: float, do: Callable[[], None]) -> Timer:
        return self._desk.later(seconds, do)

    async def frees_its_key(self) -> bool:
        """Whether nothing of this call may have been billed, where a claim looks for that: the next one gets the key."""
        if not all(self.attempts.values()):
            return False
        if self.attempts:
            try:
                await self.ledger.flush()
            except LedgerUnavailable:  # the key stays as it is, and says for a moment that its call is under way
                return False
        return True

    async def confirm(self, ask: Reserve) -> None:
        """Return if what was just reserved may be sent, else give it back. Raises ClaimLost or LedgerUnavailable."""
        mine = False
        try:
            mine = await asyncio.to_thread(self._claims.holds, self._claim)
        finally:
            if not mine:
                self._give_back(ask)
        if not mine:
            raise ClaimLost(_WHY)

    def _give_back(self, ask: Reserve) -> None:
        now_ms = self.now_ms()
        call = call_of(ask.opening.id)
        end = CallClosing(id=call, outcome="unsent", status=409, finished_ms=now_ms, detail=_WHY)
        self._desk.ledger.void(Void(attempt=ask.opening.id, reason=_WHY, at_ms=now_ms, closing=end))


class _ClaimedLedger:
    """`farthing.ports.ledger.Ledger`: another one, whose reserve is confirmed before it is told."""

    def __init__(self, ledger: Ledger, desk: ClaimedDesk) -> None:
        self._ledger = ledger
        self._desk = desk
        self.settle = ledger.settle
        self.lose = ledger.lose
        self.adjust = ledger.adjust
        self.refuse = ledger.refuse
        self.close_call = ledger.close_call
        self.adopt = ledger.adopt
        self.standing = ledger.standing
        self.left = ledger.left
        self.look = ledger.look
        self.free_landing = ledger.free_landing
        self.flush = ledger.flush

    async def reserve(self, ask: Reserve) -> Reserved | Short | Declined:
        found = await self._ledger.reserve(ask)
        if isinstance(found, Reserved):
            await self._desk.confirm(ask)
            self._desk.attempts[ask.opening.id] = False
        return found

    def void(self, void: Void) -> None:
        self._ledger.void(void)
        self._desk.attempts[void.attempt] = True
