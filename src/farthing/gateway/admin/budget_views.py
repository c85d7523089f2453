"""Budgets as the admin side takes and shows them: amounts are decimal strings, each beside its unit."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from farthing.accounts.standing import BudgetStanding
from farthing.domain.budget import Act, Grant, Standing, Unit
from farthing.domain.refusal import amount_text
from farthing.gateway.admin.shown import at, moment


class SoftRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens from a share of the limit on."""

    at: Decimal
    """A share of the limit, like 0.8."""
    do: tuple[Act, ...]


class BudgetRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be said of a budget, beside its name."""

    limits: dict[Unit, str]
    """Decimal strings by unit: `{"usd": "500", "tokens": "5000000"}`."""
    match: dict[str, str] = {}
    """Labels a call must carry; a value may end in `*`."""
    each: str = ""
    """One such budget for each value of this label."""
    window: str = "lifetime"
    """`run hour day week month lifetime`, or like `rolling:24h`."""
    tz: str = "UTC"
    soft: tuple[SoftRule, ...] = ()
    """What happens before the limit."""
    hard: Literal["block", "approve", "off"] = "block"
    per_call: str | None = None
    """The most one call may cost: a decimal string in the currency of its money."""
    per_output: int | None = None
    """The most output tokens of one call."""
    floor: int = 256
    wait_seconds: float = 20.0
    approve_wait_seconds: float = 0.0
    """How long a call waits for an approval before it is refused with its address."""
    land_output: int = 1_024
    """Output tokens kept back for a run's last answer."""
    unknown: Literal["charge_hold", "charge_seen"] | None = None
    bound: Literal["auto", "strict"] = "auto"
    was: str = ""
    """The name it had when it first counted."""


class NewBudget(BudgetRules, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A budget that is to be made."""

    name: str


class RaiseBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More money, tokens or calls for the present window."""

    amount: str
    """A decimal string in `unit`."""
    unit: Unit | None = None
    """Dollars, or the budget's first unit where it limits none."""
    value: str = ""
    """Which of the budgets, where there is one for each value of a label."""
    run: str = ""
    """Which run, where the window is a run."""
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """Kept with it."""


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """How one account of a budget stands in its present window."""

    value: str
    window: str
    unit: Unit
    limit: str
    """Grants included."""
    spent: str
    """Posted, and held by attempts of unknown outcome."""
    unknown: str
    """The part of `spent` whose outcome is unknown."""
    reserved: str
    """Held by calls in flight."""
    left: str
    resets_at: datetime | None


class GrantView(msgspec.Struct, frozen=True, kw_only=True):
    """One raise."""

    value: str
    window: str
    unit: Unit
    amount: str
    by: str
    reason: str
    at: datetime


class BudgetView(msgspec.Struct, frozen=True, kw_only=True):
    """One budget: its rules, and every account that counts it now, the fullest first."""

    name: str
    source: str
    """`file` or `store`: who may change it."""
    match: dict[str, str]
    each: str
    limits: dict[Unit, str]
    window: str
    tz: str
    soft: tuple[SoftRule, ...]
    hard: str
    per_call: str | None
    per_output: int | None
    floor: int
    wait_seconds: float
    approve_wait_seconds: float
    land_output: int
    unknown: str
    bound: str
    was: str
    accounts: tuple[AccountView, ...]
    grants: tuple[GrantView, ...]


class BudgetList(msgspec.Struct, frozen=True):
    """Every budget in force."""

    budgets: tuple[BudgetView, ...]


class RemovedBudget(msgspec.Struct, frozen=True):
    """The name that is free again."""

    removed: str


def view(found: BudgetStanding, grants: Sequence[Grant]) -> BudgetView:
    """A budget as it stands, with what it was raised by."""
    budget = found.budget
    return BudgetView(
        name=budget.name,
        source=budget.source,
        match=dict(budget.match),
        each=budget.each,
        limits={unit: amount_text(unit, amount) for unit, amount in budget.limits},
        window=budget.window,
        tz=budget.tz,
        soft=tuple(SoftRule(at=Decimal(step.at_millionths) / 1_000_000, do=step.acts) for step in budget.soft),
        hard=budget.hard,
        per_call=None if budget.per_call is None else amount_text(budget.money, budget.per_call),
        per_output=budget.per_output,
        floor=budget.floor,
        wait_seconds=budget.wait_seconds,
        approve_wait_seconds=budget.approve_wait_seconds,
        land_output=budget.land_output,
        unknown=budget.unknown,
        bound=budget.bound,
        was=budget.was,
        accounts=tuple(map(_account, found.lines)),
        grants=tuple(map(_grant, grants)),
    )


def _account(line: Standing) -> AccountView:
    unit = line.account.unit
    return AccountView(
        value=line.account.value,
        window=line.account.window,
        unit=unit,
        limit=amount_text(unit, line.limit or 0),
        spent=amount_text(unit, line.posted + line.unknown),
        unknown=amount_text(unit, line.unknown),
        reserved=amount_text(unit, line.held),
        left=amount_text(unit, line.left or 0),
        resets_at=moment(line.closes_ms),
    )


def _grant(grant: Grant) -> GrantView:
    return GrantView(
        value=grant.account.value,
        window=grant.account.window,
        unit=grant.account.unit,
        amount=amount_text(grant.account.unit, grant.amount),
        by=grant.by,
        reason=grant.reason,
        at=at(grant.at_ms),
    )
