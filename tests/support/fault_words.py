"""The words of the table of faults: what may go wrong, under which policy, and what must then stand in the ledger."""

from enum import StrEnum
from typing import NamedTuple

STORM = 5
"""Calls that meet one storm."""


class Policy(StrEnum):
    """What the run's budget does. In `downgrade` and `land` it is over its threshold when the fault comes."""

    BLOCK = "block"
    DOWNGRADE = "downgrade"
    LAND = "land"


class Layer(StrEnum):
    """What has to be built up for a fault to happen."""

    PROVIDER = "a provider that misbehaves"
    PATIENCE = "a provider that misbehaves, and a gateway with short time-outs"
    CLIENT = "a client that misbehaves"
    CLOCK = "a gateway whose clock is moved"
    CHANGE = "a gateway whose configuration is changed"
    DISK = "a ledger on a file that fails"
    KILL = "a gateway process that is killed"
    CUT = "a ledger on a disk that loses its power"


class Money(StrEnum):
    NOTHING = "nothing"
    BILL = "what the provider billed"
    HOLD = "the whole hold"


class Then(StrEnum):
    """What the next call of the same run gets."""

    ANSWERED = "answered"
    DOWNGRADED = "answered by the cheaper model"
    LANDING = "answered, as the last of its run"
    EXCEEDED = "402 budget_exceeded"
    LANDED = "402 run_landed"
    OVERRAN = "402 provider_overran"
    REVOKED = "401 invalid_api_key"
    REPEATED = "409 idempotency_answer_gone"


class Next(NamedTuple):
    block: Then
    downgrade: Then
    land: Then

    def under(self, policy: Policy) -> Then:
        return getattr(self, policy.value)


class Ledger(NamedTuple):
    """What one call must leave behind."""

    client: int
    """The status its client saw; 0 where it saw none."""
    states: tuple[str, ...]
    """One for each attempt."""
    then: Next
    posted: Money = Money.NOTHING
    unknown: Money = Money.NOTHING
    """Money is held no longer in any case: what stays set aside is unknown."""
    flags: tuple[str, ...] = ()
    """Of its attempts, beside the policy's own."""
    told: bool = True
    """Whether the record says what the policy did: that is written with the end of an attempt that was sent."""
    bounded: bool = True
    """Whether the provider kept to the cap that it was sent: only then is its bill sure to be within what was set aside."""
    ended: bool | None = True
    """Whether the client's answer came to a proper end; None where that depends on how its bytes were split."""
    sent: int | None = None
    """Requests that reached the provider; None: as many as there are attempts."""


class Case(NamedTuple):
    """One way in which one kind of fault happens."""

    fault: str
    """F1 … F32."""
    variant: str
    """Tells the ways apart; "" where there is one."""
    title: str
    """For people: what happens."""
    layer: Layer
    inject: str
    """What the layer is to do: a fault of the simulated provider as it is written, or a word of the layer's own."""
    whole: Ledger | None
    """None where this way exists for streams only."""
    streamed: Ledger | None

    @property
    def name(self) -> str:
        return f"{self.fault}-{self.variant}" if self.variant else self.fault

    def ledger(self, *, streamed: bool) -> Ledger:
        found = self.streamed if streamed else self.whole
        assert found is not None
        return found


class Elsewhere(NamedTuple):
    """A kind of fault that cannot happen to one node, and why."""

    fault: str
    title: str
    why: str
