"""Metrics of the present moment: budgets, holds, what waits for a person, and how the gateway itself is doing."""

from collections.abc import Iterable, Sequence

import msgspec

from farthing.alerts.budgets import Limited
from farthing.domain.budget import Standing, Unit
from farthing.domain.money import NANOS_PER_USD
from farthing.ports.history import Summing
from farthing.telemetry.families import COUNTER, GAUGE, HISTOGRAM, Family, Labels, Point
from farthing.telemetry.tally import Spread

MOST_ACCOUNTS = 100
"""Of one limit: the fullest are told, the others only counted."""
_RUN = "run:"


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What is so now, beside budgets. None and () where this process has no such thing."""

    held: int
    unknown: int
    firing: int
    """Alerts that are not over."""
    gates: int
    """Provider's models that are refused because they broke a cap."""
    commit_bounds: Sequence[float] = ()
    commits: Spread | None = None
    loop_lag_seconds: float | None = None


class Passed(msgspec.Struct, kw_only=True):
    """What was passed on since this process began, and what could not be."""

    spans: int = 0
    failures: int = 0
    """Times the endpoint did not take what was sent; it is sent again."""
    dropped: int = 0
    """Calls too old to be told of when the endpoint came back."""


def of_budgets(found: Iterable[tuple[Limited, Sequence[Standing]]]) -> tuple[Family, ...]:
    """Limits with their accounts in the windows that are open now. Money in units of its currency, counts whole."""
    shown = [(limited, one) for limited, accounts in found for one in _fullest(limited, accounts)]

    def family(name: str, help: str, amounts: Sequence[int]) -> Family:
        points = tuple(
            Point(_labels(limited, one), _amount(one.account.unit, amount))
            for (limited, one), amount in zip(shown, amounts, strict=True)
        )
        return Family(name=f"farthing.budget.{name}", help=help, kind=GAUGE, points=points)

    limits = [limited.of(one.account) for limited, one in shown]
    return (
        family("limit", "What may be spent in the present window, grants included", limits),
        family("spent", "What was spent in it", [one.posted for _, one in shown]),
        family("reserved", "What calls in flight may still cost", [one.held for _, one in shown]),
        family("unknown", "What is held for outcomes nobody knows; counts as spent", [one.unknown for _, one in shown]),
        family(
            "left",
            "What a new call may still reserve",
            [limit - one.posted - one.held - one.unknown for limit, (_, one) in zip(limits, shown, strict=True)],
        ),
    )


def of_health(health: Health, passed: Passed) -> tuple[Family, ...]:
    """Everything else."""
    made = [
        Family(
            name="farthing.holds",
            help="Attempts whose money is held: in flight, or with an outcome nobody knows",
            kind=GAUGE,
            unit="{attempt}",
            points=(Point((("state", "held"),), health.held), Point((("state", "unknown"),), health.unknown)),
        ),
        _one("farthing.alerts.firing", "Alerts that are not over", GAUGE, health.firing),
        _one("farthing.gates.closed", "Models refused because they broke a cap", GAUGE, health.gates),
        _one("farthing.telemetry.spans", "Spans an OTLP endpoint took from this process", COUNTER, passed.spans),
        _one("farthing.telemetry.failures", "Times it did not take them", COUNTER, passed.failures),
        _one("farthing.telemetry.dropped", "Calls too old to be sent when it came back", COUNTER, passed.dropped),
    ]
    if health.loop_lag_seconds is not None:
        made.append(_one("farthing.event_loop.lag", "How late the event loop is", GAUGE, health.loop_lag_seconds, "s"))
    if health.commits is not None:
        made.append(
            Family(
                name="farthing.ledger.commit.duration",
                help="Time of the ledger's batches, decision and fsync together",
                kind=HISTOGRAM,
                unit="s",
                points=(Point((), health.commits),),
                bounds=health.commit_bounds,
                of_process=True,
            )
        )
    return tuple(made)


def of_past(told: Summing) -> tuple[Family, ...]:
    """How far reports can look back at once."""
    left = told.hours - told.summed_hours
    return (_one("farthing.past.unsummed.hours", "Hours of the past that are not summed up yet", GAUGE, left, "h"),)


def _one(name: str, help: str, kind: str, value: float, unit: str = "1") -> Family:
    return Family(name=name, help=help, kind=kind, unit=unit, points=(Point((), value),), of_process=kind == COUNTER)


def _fullest(limited: Limited, accounts: Sequence[Standing]) -> list[Standing]:
    """The accounts to tell of. Of overlapping windows, the fullest; a window nobody has spent in yet has none."""
    by_account: dict[tuple[str, str], Standing] = {}
    for one in sorted(accounts, key=_used):
        by_account[one.account.value, "" if limited.rolling else one.account.window] = one
    return sorted(by_account.values(), key=_used, reverse=True)[:MOST_ACCOUNTS]


def _used(standing: Standing) -> int:
    return standing.posted + standing.held + standing.unknown


def _labels(limited: Limited, standing: Standing) -> Labels:
    account = standing.account
    run = account.window.removeprefix(_RUN) if account.window.startswith(_RUN) else ""
    return (("budget", limited.budget), ("value", account.value), ("run", run), ("unit", account.unit.value))


def _amount(unit: Unit, amount: int) -> int | float:
    return amount / NANOS_PER_USD if unit.currency else amount
