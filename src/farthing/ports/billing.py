"""Billing periods: what was told of a month when it was closed, kept for ever as it was told."""

from typing import Protocol

import msgspec

from farthing.domain.budget import Unit
from farthing.domain.record import Labels

LUMP_SUMS = frozenset({"rounding", "unexplained", "estimated", "unpriced"})
"""Meters without a price apiece."""
OTHER = "other:"
"""How meters of costs beside models begin."""


class BillLine(msgspec.Struct, frozen=True, kw_only=True, gc=False, array_like=True):
    """What one group paid on one meter at one price in one day or hour. Money is in PICO-dollars; it may be negative in a
    correction."""

    start_ms: int
    end_ms: int
    labels: tuple[str, ...]
    """Values of the labels the bill is cut by, in their order; "" for none."""
    provider: str
    model: str
    tier: str
    """The service tier that was billed; "" standard."""
    meter: str
    """As `farthing.ports.history.MeterRow.meter`; also `estimated` (charged by a policy), `unpriced` (no price is known) and
    `other:KIND` (a cost beside models)."""
    each: int
    """Pico-dollars apiece; 0 where the meter has no unit price."""
    list_each: int
    """The same in the public price book; equal to `each` where no contract price holds."""
    quantity: int
    """Tokens, searches or requests. Of `unpriced`: attempts. Of a cost beside models: how often it was booked."""
    picos: int
    requests: int = 0
    """Attempts of the group; on the first of its lines only, so that they add up."""
    input_tokens: int = 0
    """Of `unpriced` alone: what nobody knows the price of."""
    output_tokens: int = 0
    corrects: str = ""
    """The closed month that this line corrects; "" for a charge of its own month."""

    @property
    def list_picos(self) -> int:
        """What it would have cost at public prices; what was paid where there is no unit price."""
        return self.quantity * self.list_each if self.each or self.list_each else self.picos

    @property
    def has_price(self) -> bool:
        """Whether quantity times price is the cost: not so for what was rounded, estimated or left without a price."""
        return self.meter not in LUMP_SUMS and not self.other

    @property
    def other(self) -> str:
        """The kind of a cost beside models, as whoever booked it named it; "" for what calls cost."""
        return (self.meter[len(OTHER) :] or "(unnamed)") if self.meter.startswith(OTHER) else ""


class Sharing(msgspec.Struct, frozen=True, kw_only=True):
    """What is shared and how it is divided among the teams. What has no team is always shared: calls, and costs of runs."""

    match: Labels = ()
    """Calls with these labels, and costs of such runs, are shared too, whoever made them."""
    by: str = "none"
    """`direct` (by each team's own cost), `equal`, `weights`, or `none`: shared costs stay by themselves."""
    weights: tuple[tuple[str, int], ...] = ()
    """Teams and whole numbers."""


class BillTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Who bills whom for what: as the configuration says, and kept with every month that is closed."""

    account: str = "farthing"
    """Identifies the account in exports."""
    account_name: str = "Farthing"
    issuer: str = "Farthing"
    """Who sends the bill: the owner of this gateway."""
    team: str = "team"
    """The label that is billed."""
    labels: tuple[str, ...] = ("agent", "workflow")
    """Further labels that lines are cut by; `key` and `route` may be among them."""
    sharing: Sharing = Sharing()
    currency: Unit = Unit.USD
    """Of statements; exports are in dollars."""

    @property
    def names(self) -> tuple[str, ...]:
        """All labels that lines are cut by: the team first."""
        return tuple(dict.fromkeys((self.team, *self.labels, *(name for name, _ in self.sharing.match))))


class ClosedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """One month that was told."""

    month: str
    """Like `2026-10`."""
    closed_ms: int
    by: str
    terms: BillTerms
    lines: int
    picos: int
    """The sum of what was told: its own charges and corrections of earlier months."""
    corrections_picos: int
    """The part of it that corrects earlier months."""
    digest: str
    """SHA-256 of the lines as they were told, in hexadecimal."""
    other_picos: int = 0
    """The part of the sum that is costs beside models, corrections of them included."""


class Periods(Protocol):
    """Blocking: call off the event loop. A change is durable and audited when its method returns. Raises LedgerUnavailable."""

    def keep(self, period: ClosedPeriod, lines: tuple[BillLine, ...]) -> None:
        """Close a month with what was told of it. Raises BadRequest 409 where it is closed already, or where the month
        before it is not and others are: months are closed one after the other."""
        ...

    def closed(self) -> tuple[ClosedPeriod, ...]:
        """Every closed month, the earliest first."""
        ...

    def told(self, month: str) -> tuple[BillLine, ...]:
        """What was told when this month was closed, in order; nothing where it is open."""
        ...

    def close(self) -> None: ...
