"""Approvals wired: calls of this process that wait for people, and what people decided anywhere."""

import asyncio
from collections.abc import Callable, Iterable

from farthing.budgets.account import Account, Limits
from farthing.call.desk import Heard
from farthing.domain.budget import AccountKey, Budget, Grant
from farthing.domain.ids import show
from farthing.domain.refusal import amount_text
from farthing.ports.alerts import Event
from farthing.ports.approvals import GRANTED, PREFIX, Approval, Approvals, Petition
from farthing.ports.client import Client

MOST_WAITING = 1_000
"""Calls of one process that wait for people at a time; further ones are refused at once, with the address."""
MOST_REMEMBERED = 4_096
"""Decisions kept in memory for calls that begin to wait just then; others are looked up when the wait is over."""


class Approving:
    """`farthing.call.desk.Approver`. Lives on one event loop."""

    def __init__(
        self,
        store: Approvals,
        *,
        mint: Callable[[int], int],
        clock: Callable[[], int],
        notice: Callable[[Event], None],
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """`notice` is given each new request, for people to be told of."""
        self._store = store
        self._mint = mint
        self._clock = clock
        self._notice = notice
        self._most_waiting = most_waiting
        self._version = 0
        self._passed: dict[AccountKey, int] = {}
        """The highest threshold that somebody let each account past."""
        self._decided: dict[int, Approval] = {}
        self._limits = Limits()
        self._waiters: dict[asyncio.Future[Heard], tuple[Approval, int | None]] = {}
        """Whoever waits, for which request, and the limit that it knows of."""
        self._closing = False

    @property
    def waiting(self) -> int:
        """Calls that wait now."""
        return len(self._waiters)

    def passed(self, account: AccountKey, at_millionths: int) -> bool:
        return self._passed.get(account, 0) >= at_millionths

    async def ask(self, petition: Petition) -> Approval:
        now_ms = self._clock()
        fresh = self._mint(now_ms)
        found = await asyncio.to_thread(self._store.ask, fresh, petition, now_ms)
        if found.id == fresh:
            self._notice(Event(kind="approval", subject=_subject(found), detail=_detail(found), at_ms=now_ms))
        return found

    async def hear(self, approval: Approval, limit: int | None, seconds: float, client: Client) -> Heard | None:
        known = self._decided.get(approval.id)
        if known is not None:
            return Heard(known)
        if self._raised(approval, limit):
            return Heard(approval, moved=True)
        if self._closing or len(self._waiters) >= self._most_waiting:
            return Heard(approval)
        seconds = min(seconds, max(approval.expires_ms - self._clock(), 0) / 1_000)
        waiter: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = approval, limit
        left = getattr(client, "left", None)
        leaving = None if left is None else asyncio.ensure_future(left())
        try:
            await asyncio.wait(
                (waiter,) if leaving is None else (waiter, leaving),
                timeout=seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if leaving is not None and leaving.done():
                return None
        finally:
            del self._waiters[waiter]
            if leaving is not None:
                leaving.cancel()
                await asyncio.wait((leaving,))
        return waiter.result() if waiter.done() else Heard(await self._now(approval))

    async def learn(self) -> None:
        """Take up what was decided since the last time, and wake whoever waits for it. Raises LedgerUnavailable."""
        version, decided = await asyncio.to_thread(self._store.decided, self._version)
        self._version = max(version, self._version)
        for each in decided:
            self._take(each)
        for waiter, (approval, _) in tuple(self._waiters.items()):
            if approval.id in self._decided:
                _tell(waiter, Heard(self._decided[approval.id]))

    def adopt(self, budgets: Iterable[Budget], grants: Iterable[Grant]) -> None:
        """These limits are in force: whoever waits for an answer at one that was raised may try again without it."""
        self._limits = Limits(budgets, grants)
        for waiter, (approval, limit) in tuple(self._waiters.items()):
            if self._raised(approval, limit):
                _tell(waiter, Heard(approval, moved=True))

    def close(self) -> None:
        """Nobody waits any more: the gateway is stopping. The requests stay open."""
        self._closing = True
        for waiter, (approval, _) in tuple(self._waiters.items()):
            _tell(waiter, Heard(approval))

    def _take(self, decided: Approval) -> None:
        if len(self._decided) >= MOST_REMEMBERED:
            del self._decided[next(iter(self._decided))]
        self._decided[decided.id] = decided
        petition = decided.petition
        if decided.state == GRANTED and petition.at_millionths:
            for account in petition.open_accounts(self._clock()):
                self._passed[account] = max(self._passed.get(account, 0), petition.at_millionths)

    def _raised(self, approval: Approval, limit: int | None) -> bool:
        """Whether more than this may be spent now where a call was stopped at the limit. The ledger that said the limit
        hears of changes before this does, so that one which is lower here is only older."""
        if approval.petition.at_millionths:
            return False
        account = Account(approval.petition.account)
        self._limits.bind(account)
        return account.bound is None or limit is None or account.bound > limit

    async def _now(self, approval: Approval) -> Approval:
        """As the store has it: a decision that this process has not heard of yet counts."""
        found = await asyncio.to_thread(self._store.find, approval.id, self._clock())
        return found or approval.at(self._clock())


def _tell(waiter: "asyncio.Future[Heard]", heard: Heard) -> None:
    if not waiter.done():
        waiter.set_result(heard)


def _subject(approval: Approval) -> str:
    """Of each request its own, so that each is told."""
    value = approval.petition.account.value
    return f"{approval.petition.budget!r}{f' of {value}' if value else ''} ({show(PREFIX, approval.id)})"


def _detail(approval: Approval) -> str:
    petition = approval.petition
    unit = petition.account.unit
    word = unit.currency or unit.value.replace("_", " ")
    whose = f" of key {petition.key}" if petition.key else ""
    asks = f"{amount_text(unit, petition.short)} {word} more" if petition.short else f"to go past its {petition.why}"
    return f"a call of {petition.model}{whose} asks for {asks}: `farthing approvals show {show(PREFIX, approval.id)}`"
