"""Holds: what a call asks to set aside, and what came of it. The ledger speaks in these.

What every call makes is `gc=False`: values of values, in which no cycle can arise, so the collector need not look at them.
"""

import msgspec

from farthing.domain.budget import COUNTS, AccountKey, Standing, Unit
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage


class Spent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An amount in every unit at once. Money is in PICO-dollars here, so that an account rounds it once, its own way."""

    picos: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 1

    def of(self, unit: Unit) -> int:
        """The quantity this unit counts; money in pico-dollars, whatever its currency."""
        if unit is Unit.USD or unit not in COUNTS:
            return self.picos
        match unit:
            case Unit.TOKENS:
                return self.input_tokens + self.output_tokens
            case Unit.INPUT_TOKENS:
                return self.input_tokens
            case Unit.OUTPUT_TOKENS:
                return self.output_tokens
            case Unit.CALLS:
                return self.calls


class Charge(msgspec.Struct, frozen=True, gc=False):
    """What one account is asked to hold, as a line over the output cap: `ceil((base + slope * cap) * times / over)`.

    `base` and `slope` are quantities as `Spent.of` gives them (money in pico-dollars); `times / over` turns a quantity
    into the account's own base (1/1000 for dollars, 1/1 for counts; a dated rate for another currency).
    """

    account: AccountKey
    base: int
    slope: int
    times: int = 1
    over: int = 1
    closes_ms: int = 0

    def amount(self, cap: int) -> int:
        return -(-(self.base + self.slope * cap) * self.times // self.over)

    def amount_of(self, quantity: int) -> int:
        """What a settled quantity is in this account's base, rounded up."""
        return -(-quantity * self.times // self.over)

    def largest_cap(self, room: int) -> int | None:
        """The largest cap whose amount fits into `room`; None where the cap does not matter and it fits; -1 where it never fits."""
        if self.amount(0) > room:
            return -1
        if self.slope == 0:
            return None
        return (room * self.over // self.times - self.base) // self.slope


class Reserve(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One attempt asks every account it touches for its worst case, all or none."""

    opening: AttemptOpening
    call: CallOpening | None
    """The call's own row, given with its first attempt."""
    charges: tuple[Charge, ...]
    cap: int
    """Output tokens per choice that the caller (or the default) wants."""
    floor: int
    """The smallest cap worth having. Equal to `cap` where the call cannot be clamped."""
    holder: str = ""
    """The key on whose behalf: a share of a crowded budget is counted by it."""
    gate: str = ""
    """`provider/model`; refused while an unacknowledged overrun stands against it and an account is enforced."""
    wait_ms: int = 0
    """How long to queue for money held by others. 0: do not wait, and answer `Short` instead of clamping or waiting."""
    landing: tuple[tuple[AccountKey, int], ...] = ()
    """What is to be kept from now on for the last call of its run, on accounts of the run's own."""
    lands: bool = False
    """It is that last call, and may use what was kept for it."""


class Reserved(msgspec.Struct, frozen=True, gc=False):
    """Durably held. `cap` is what the outbound body must carry."""

    cap: int
    clamped: bool
    held: tuple[tuple[AccountKey, int], ...]
    tightest: Standing | None
    """The enforced money account with the least left, as it stands with this hold in it; None where there is none."""
    waited_ms: int = 0

    def held_on(self, account: AccountKey) -> int:
        """What it holds there; 0 where it does not touch that account."""
        for touched, amount in self.held:
            if touched == account:
                return amount
        return 0


class Short(msgspec.Struct, frozen=True):
    """It would have to be clamped, to wait or to be refused: a tighter bound may help. Nothing was held."""

    standing: Standing


class Declined(msgspec.Struct, frozen=True):
    """Refused, with the numbers. Nothing was held and no account changed."""

    code: str
    """`budget_exceeded`, `budget_reserved` or `provider_overran`."""
    standing: Standing | None
    waited_ms: int = 0


class Settlement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The truth about one attempt: posts what it spent, releases the rest of its hold, and completes its record."""

    attempt: int
    spent: Spent
    usage: Usage
    cost_nanos: int | None
    """None: unpriced. Token and call accounts are posted all the same."""
    remainder_picos: int = 0
    source: str = "provider"
    """Who says so: `provider`, `estimate` (a policy), `operator`."""
    tier: str = ""
    """The service tier that was served and billed; "" standard."""
    served_model: str = ""
    response_id: str = ""
    finish: str = ""
    flags: tuple[str, ...] = ()
    """`overran_cap`, `overran_input`, `cut_by_cap`, `drained`, …"""
    overran: str = ""
    """The gate to close (`provider/model`) because the provider broke the cap that was on the wire; "" for none."""
    remember_for: str = ""
    """Keep `response_id` for this tenant, so that a later call that points to it can be bounded; "" keeps nothing."""
    settled_ms: int = 0
    closing: CallClosing | None = None


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one attempt is unknown: its hold stays, counts as spent, and a policy charges it at `due_ms`."""

    attempt: int
    seen: Spent
    """The least it must have cost: the input bound and the output that was observed."""
    due_ms: int
    reason: str
    flags: tuple[str, ...] = ()
    response_id: str = ""
    remember_for: str = ""
    """As in `Settlement`; lets a background answer be settled once, when it is fetched."""
    overran: str = ""
    """As in `Settlement`: the stream went past the cap on the wire and was cut, so its usage was never reported."""
    closing: CallClosing | None = None


class Void(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that nothing billable was sent: the whole hold is released."""

    attempt: int
    reason: str
    at_ms: int = 0
    closing: CallClosing | None = None
