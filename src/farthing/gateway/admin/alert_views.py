"""How alerts and rules are shown: moments in UTC, values in the rule's own unit beside the whole number they are kept as."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from farthing.alerts.rule import Rule
from farthing.alerts.watch import Round, Watched
from farthing.alerts.when import BadWhen, parse
from farthing.alerts.words import amount
from farthing.gateway.admin.shown import at, moment
from farthing.notify.courier import Trial
from farthing.ports.alerts import Alert, Delivery, Reading

MOST_READINGS = 20
"""Of one rule: those nearest to its threshold or farthest beyond."""


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """One alert on its way to one address."""

    to: str
    """The address without its secret."""
    state: str
    """`waiting`, `sent`, `dead` (given up) or `dropped` (acknowledged before it went out)."""
    attempts: int
    next_at: datetime | None
    """When it is tried again, while it waits."""
    ended_at: datetime | None
    error: str
    """Of the last attempt that failed."""


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One alert that was told."""

    id: int
    at: datetime
    rule: str
    subject: str
    """The first of those that crossed; `text` names the others."""
    value: str
    threshold: str
    title: str
    text: str
    state: str
    """`firing`, or `over` once it is ready to fire again."""
    ended_at: datetime | None
    acknowledged_by: str
    acknowledged_at: datetime | None
    deliveries: tuple[DeliveryView, ...]


class AlertPage(msgspec.Struct, frozen=True):
    """Some alerts, the newest first."""

    alerts: tuple[AlertView, ...]
    next: int | None
    """`before` of the next page; null on the last."""


class ReadingView(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule found about one subject near its threshold or beyond."""

    subject: str
    value: str | None
    """null: there is no data, or not enough yet."""
    breached: bool
    detail: str


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """One rule in force."""

    rule: str
    to: tuple[str, ...]
    silent: str
    """Why nothing can be said about it now; "" where something can."""
    found: tuple[ReadingView, ...]


class RuleList(msgspec.Struct, frozen=True):
    """Every rule in force, and what the last look found."""

    rules: tuple[RuleView, ...]


class TrialView(msgspec.Struct, frozen=True, kw_only=True):
    """A test alert at one address."""

    to: str
    delivered: bool
    error: str


class TrialList(msgspec.Struct, frozen=True):
    """A test alert at every address."""

    trials: tuple[TrialView, ...]


def alert_view(alert: Alert) -> AlertView:
    """One alert."""
    return AlertView(
        id=alert.id,
        at=at(alert.at_ms),
        rule=alert.rule,
        subject=alert.subject,
        value=_amount(alert.rule, alert.value),
        threshold=_amount(alert.rule, alert.threshold),
        title=alert.title,
        text=alert.text,
        state=alert.state,
        ended_at=moment(alert.ended_ms),
        acknowledged_by=alert.acknowledged_by,
        acknowledged_at=moment(alert.acknowledged_ms),
        deliveries=tuple(map(_delivery, alert.deliveries)),
    )


def page_of(found: Sequence[Alert], limit: int) -> AlertPage:
    """What was found when `limit` were asked for."""
    return AlertPage(tuple(map(alert_view, found)), found[-1].id if len(found) == limit else None)


def rules_view(watched: Sequence[Watched], latest: Round) -> RuleList:
    """Rules and what a look at them found."""
    return RuleList(tuple(_rule(one, latest.found, latest.silent) for one in watched))


def trials_view(trials: Sequence[Trial]) -> TrialList:
    """What became of a test alert."""
    return TrialList(
        tuple(TrialView(to=trial.address.label, delivered=not trial.error, error=trial.error) for trial in trials)
    )


def _rule(watched: Watched, found: Mapping[str, Sequence[Reading]], silent: Mapping[str, str]) -> RuleView:
    rule = watched.rule
    nearest = sorted(found.get(rule.text, ()), key=lambda one: _order(rule, one))
    return RuleView(
        rule=rule.text,
        to=tuple(address.label for address in watched.to),
        silent=silent.get(rule.text, "" if rule.text in found else "it has not been looked at yet"),
        found=tuple(_reading(rule, one) for one in nearest[:MOST_READINGS]),
    )


def _order(rule: Rule, reading: Reading) -> tuple[bool, int]:
    value = reading.value or 0
    return reading.value is None, -value if rule.above else value


def _reading(rule: Rule, reading: Reading) -> ReadingView:
    value = None if reading.value is None else amount(rule, reading.value)
    return ReadingView(subject=reading.subject, value=value, breached=reading.breached, detail=reading.detail)


def _delivery(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        to=delivery.address.label,
        state=delivery.state,
        attempts=delivery.attempts,
        next_at=at(delivery.next_ms) if delivery.state == "waiting" else None,
        ended_at=moment(delivery.ended_ms),
        error=delivery.last_error,
    )


def _amount(text: str, value: int | None) -> str:
    """A value in the unit of the rule that was written so; the bare number where this version knows no such rule."""
    if value is None:
        return ""
    try:
        return amount(parse(text), value)
    except BadWhen:
        return str(value)
