"""One frame of `farthing top`: everything that is shown at one moment, as values, whoever told them."""

import msgspec

from farthing.cli.screen import stamp
from farthing.domain.budget import Unit
from farthing.domain.money import usd
from farthing.domain.refusal import amount_text

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
NOW_MS = 300_000
"""What counts as now: the last five minutes."""
CALLS = 12
"""Newest calls in a frame."""
BUSY_BY = ("run", "agent", "model")


class Spend(msgspec.Struct, frozen=True, kw_only=True):
    """What was spent in some time."""

    nanos: int = 0
    calls: int = 0
    refused: int = 0
    open: int = 0
    """Attempts whose cost is not in it yet."""


class BudgetLine(msgspec.Struct, frozen=True, kw_only=True):
    """One account of a budget now, in its unit's base."""

    name: str
    value: str
    unit: Unit
    limit: int
    spent: int
    """Unknown outcomes included."""
    held: int

    @property
    def left(self) -> int:
        return max(self.limit - self.spent - self.held, 0)

    @property
    def used_millionths(self) -> int:
        """How full it is, with what is held."""
        return (self.spent + self.held) * 1_000_000 // self.limit if self.limit > 0 else 1_000_000


class Busy(msgspec.Struct, frozen=True, kw_only=True):
    """What one run, agent or model had in the last hour."""

    name: str
    calls: int
    tokens: int
    nanos: int


class CallLine(msgspec.Struct, frozen=True, kw_only=True):
    """One of the newest calls."""

    id: str
    arrived_ms: int
    model: str
    outcome: str
    """Its refusal's code, or how it ended; "" while it runs."""
    who: str
    tokens: int
    nanos: int
    open: int


class AlertLine(msgspec.Struct, frozen=True, kw_only=True):
    """One alert that is firing."""

    at_ms: int
    title: str


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at one moment."""

    at_ms: int
    source: str
    """Where it is from: an address or a file."""
    now: Spend
    """The last five minutes."""
    hour: Spend
    today: Spend
    """Since midnight UTC."""
    budgets: tuple[BudgetLine, ...] = ()
    """The fullest first."""
    busy: dict[str, tuple[Busy, ...]] = {}
    """By each of `BUSY_BY`."""
    calls: tuple[CallLine, ...] = ()
    alerts: tuple[AlertLine, ...] = ()

    @property
    def burn_nanos(self) -> int:
        """What an hour like the last five minutes costs."""
        return self.now.nanos * (HOUR_MS // NOW_MS)


def midnight(now_ms: int) -> int:
    return now_ms - now_ms % DAY_MS


def busiest(rows: list[tuple[str, Busy]]) -> tuple[Busy, ...]:
    """Rows of one name added up, the dearest first; calls without that label are nobody's."""
    sums: dict[str, Busy] = {}
    for name, row in rows:
        was = sums.get(name)
        sums[name] = row if was is None else _both(was, row)
    return tuple(sorted((sums[name] for name in sums if name), key=lambda busy: (-busy.nanos, -busy.calls, busy.name)))


def _both(one: Busy, other: Busy) -> Busy:
    return Busy(
        name=one.name,
        calls=one.calls + other.calls,
        tokens=one.tokens + other.tokens,
        nanos=one.nanos + other.nanos,
    )


def plain(frame: Frame) -> dict[str, object]:
    """A frame for programs; amounts are decimal strings."""
    return {
        "at": stamp(frame.at_ms),
        "source": frame.source,
        "burn_usd_per_hour": usd(frame.burn_nanos),
        "last_five_minutes": _spend(frame.now),
        "last_hour": _spend(frame.hour),
        "today": _spend(frame.today),
        "budgets": [
            {
                "name": line.name,
                "value": line.value,
                "unit": line.unit.value,
                "limit": amount_text(line.unit, line.limit),
                "spent": amount_text(line.unit, line.spent),
                "reserved": amount_text(line.unit, line.held),
                "left": amount_text(line.unit, line.left),
            }
            for line in frame.budgets
        ],
        "busiest": {
            group: [
                {"name": busy.name, "calls": busy.calls, "tokens": busy.tokens, "cost_usd": usd(busy.nanos)}
                for busy in busy_ones
            ]
            for group, busy_ones in frame.busy.items()
        },
        "calls": [
            {
                "call": call.id,
                "arrived_at": stamp(call.arrived_ms),
                "model": call.model,
                "outcome": call.outcome or None,
                "who": call.who,
                "tokens": call.tokens,
                "cost_usd": usd(call.nanos),
                "open": call.open,
            }
            for call in frame.calls
        ],
        "alerts": [{"at": stamp(alert.at_ms), "title": alert.title} for alert in frame.alerts],
    }


def _spend(spend: Spend) -> dict[str, object]:
    return {"cost_usd": usd(spend.nanos), "calls": spend.calls, "refused": spend.refused, "open": spend.open}
