"""Approvals: what people are asked before a call may go on, what they said, and for how long that holds."""

from typing import Protocol

import msgspec

from farthing.domain.budget import AccountKey
from farthing.domain.record import Labels

PREFIX = "appr"
"""Ids are shown like `appr_0000000000000001`."""
OPEN_FOR_MS = 86_400_000
"""How long a request may be decided, unless its window closes before."""
NO_FOR_MS = 3_600_000
"""How long a decline holds: meanwhile nobody is asked the same again."""
MOST_OPEN = 100
"""Requests of one budget that are open at a time; the oldest expires first."""
KEPT_MS = 90 * 86_400_000
"""How long requests that nobody granted are kept after their end. Granted ones stay."""

PENDING, GRANTED, DECLINED, EXPIRED = "pending", "granted", "declined", "expired"


class Petition(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, on behalf of the call that asked first. Amounts are in the base of the accounts' unit."""

    accounts: tuple[tuple[AccountKey, int], ...]
    """One account in each open window of one budget, and when that window closes (0: never)."""
    budget: str
    """The budget's name now; its accounts may be called otherwise."""
    at_millionths: int = 0
    """The threshold that asks, 800,000 for 80 %; 0: the limit itself."""
    short: int = 0
    """What must be added for the call to go on as it was asked; 0 for a threshold."""
    limit: int | None = None
    spent: int = 0
    """Posted, and held by attempts of unknown outcome, when it was asked."""
    worst: int = 0
    """The most that the call may cost."""
    scope: Labels = ()
    """Labels that every call on these accounts carries: who decides must be bound to none beside these."""
    call: int = 0
    key: str = ""
    labels: Labels = ()
    model: str = ""

    @property
    def account(self) -> AccountKey:
        """The first of the accounts: budget, value and unit are the same in all."""
        return self.accounts[0][0]

    @property
    def topic(self) -> tuple[tuple[AccountKey, ...], int]:
        """What makes two requests the same one."""
        return tuple(account for account, _ in self.accounts), self.at_millionths

    @property
    def closes_ms(self) -> int:
        """When the last of the windows closes; 0: never."""
        closes = [closes_ms for _, closes_ms in self.accounts]
        return max(closes) if all(closes) else 0

    def open_accounts(self, now_ms: int) -> tuple[AccountKey, ...]:
        """The accounts whose windows are still open."""
        return tuple(account for account, closes_ms in self.accounts if not closes_ms or now_ms < closes_ms)

    @property
    def why(self) -> str:
        """`limit`, or like `threshold 0.8`."""
        return f"threshold {self.at_millionths / 1_000_000:g}" if self.at_millionths else "limit"


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and what was decided."""

    id: int
    petition: Petition
    asked_ms: int
    expires_ms: int
    """The first moment at which nobody can decide it any more."""
    state: str = PENDING
    """`pending`, `granted`, `declined` or `expired`."""
    by: str = ""
    """Who decided."""
    decided_ms: int = 0
    amount: int = 0
    """What was granted, in the accounts' base; a threshold may be passed without any."""
    reason: str = ""

    def at(self, now_ms: int) -> "Approval":
        """The same as it stands now: what nobody decided in time has expired, without anybody doing anything."""
        if self.state != PENDING or now_ms < self.expires_ms:
            return self
        return msgspec.structs.replace(self, state=EXPIRED)

    def answers(self, now_ms: int) -> bool:
        """Whether a call that asks the same now is told this, instead of asking people again.

        What is granted at the limit is spent like any other money: who needs more asks again. A threshold that was
        passed stays passed until its windows close.
        """
        match self.at(now_ms).state:
            case "pending":
                return True
            case "granted":
                return self.petition.at_millionths > 0
            case "declined":
                return now_ms < self.decided_ms + NO_FOR_MS
            case _:
                return False


def opened(id: int, petition: Petition, now_ms: int) -> Approval:
    """A new request: open for a day, or until its windows have closed."""
    until = now_ms + OPEN_FOR_MS
    closes_ms = petition.closes_ms
    return Approval(id=id, petition=petition, asked_ms=now_ms, expires_ms=min(until, closes_ms) if closes_ms else until)


class Approvals(Protocol):
    """Changes are durable when the call returns, and decisions are audited. Blocking: call off the event loop. Raises
    LedgerUnavailable, and then nothing changed."""

    def ask(self, id: int, petition: Petition, now_ms: int) -> Approval:
        """What answers this now, else a new request with this id. A call that needs more than the open request asked
        for raises what that asks for. It is new where its id is this one."""
        ...

    def grant(self, id: int, *, by: str, reason: str = "", amount: int | None = None, now_ms: int) -> Approval:
        """Let the calls go on: the amount (None: what was asked for) is granted on every account whose window is open,
        in the same act. Who was second gets the first one's decision. Raises BadRequest 404, 409 where it has expired."""
        ...

    def decline(self, id: int, *, by: str, reason: str = "", now_ms: int) -> Approval:
        """The calls are refused with who said so and why. Who was second gets the first one's decision. Raises
        BadRequest 404, 409 where it has expired."""
        ...

    def find(self, id: int, now_ms: int) -> Approval | None: ...

    def recent(self, *, limit: int, now_ms: int, before_id: int | None = None, state: str = "") -> tuple[Approval, ...]:
        """The newest first; of one state where it is named."""
        ...

    def decided(self, since: int) -> tuple[int, tuple[Approval, ...]]:
        """The directory's version, and what was decided since that one, in order. 0: all passed thresholds whose
        windows may be open, and the latest decisions."""
        ...

    def close(self) -> None: ...
