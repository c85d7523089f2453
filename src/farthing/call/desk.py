"""What the driver of a call needs from the outside, in one place: the ledger, the providers, facts and time."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

from farthing.call.guards import Guards
from farthing.call.nearing import Nearing
from farthing.call.rules import Rules
from farthing.call.stages import Need
from farthing.domain.budget import AccountKey
from farthing.domain.hold import Declined, Reserve, Reserved, Short
from farthing.guard.providers import Providers
from farthing.ports.alerts import Event
from farthing.ports.approvals import Approval, Petition
from farthing.ports.client import Client
from farthing.ports.ledger import Ledger
from farthing.ports.upstream import Upstream
from farthing.tokens.ratio import Ratios


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on what one call may take of us."""

    answer_bytes: int = 64 * 1024 * 1024
    """The longest whole answer that is read into memory."""
    drain_seconds: float = 60.0
    """How long an abandoned answer is read on for the sake of its usage."""
    drains: int = 256
    """How many abandoned answers are read on at one time; further ones are cut and stay unknown."""
    unknown_after_ms: int = 600_000
    """How long an unknown outcome may still become known before a policy charges it."""


class Heard(NamedTuple):
    """What came of waiting for a person."""

    approval: Approval
    moved: bool = False
    """The limit was raised meanwhile: there may be room without an answer."""


class Approver(Protocol):
    """People, as calls can ask them."""

    def passed(self, account: AccountKey, at_millionths: int) -> bool:
        """Whether somebody let calls on this account past this threshold, or past a higher one."""
        ...

    async def ask(self, petition: Petition) -> Approval:
        """What answers this already, else a new request, of which people are told. Raises LedgerUnavailable."""
        ...

    async def hear(self, approval: Approval, limit: int | None, seconds: float, client: Client) -> Heard | None:
        """Wait for the decision, or until the budget has a higher limit than this; None as soon as the client leaves. As
        it stands when the time is over, or at once where too many wait. Raises LedgerUnavailable."""
        ...


class Timer(Protocol):
    """Something that will happen unless it is cancelled. Cancelling twice, or too late, does nothing."""

    def cancel(self) -> None: ...


class Desk(Protocol):
    """Handed to every call by the door it came through."""

    ledger: Ledger
    ratios: Ratios
    limits: Limits
    nearing: Nearing
    health: Providers
    """How the providers are, by what calls came back with."""
    draining: int
    """Abandoned answers being read on now; the driver counts itself in and out."""

    @property
    def approvals(self) -> Approver: ...

    @property
    def guards(self) -> Guards | None:
        """None while nothing is configured, suspended or announced: then a call pays for one look."""
        ...

    @property
    def rules(self) -> Rules:
        """The rules that hold now."""
        ...

    def now_ms(self) -> int: ...

    def notice(self, event: Event) -> None:
        """Something that somebody may want to be alerted of. Returns at once."""
        ...

    def upstream_of(self, provider: str) -> Upstream: ...

    async def answer(self, need: Need) -> int | None:
        """A fact that a stage asked for, or None where nobody knows. Never raises, never takes longer than it may."""
        ...

    async def while_here(self, client: Client, ask: Reserve) -> Reserved | Short | Declined | None:
        """Reserve with patience; None (and nothing held) as soon as the client leaves."""
        ...

    async def pause(self, seconds: float) -> None: ...

    def later(self, seconds: float, do: Callable[[], None]) -> Timer: ...
