"""Budgets of runs as the admin side takes and shows them: amounts are decimal strings, each beside its unit."""

from typing import Annotated

import msgspec

from farthing.domain.budget import Standing, Unit
from farthing.domain.refusal import amount_text


class NewRunBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits of a run, or of a part of one."""

    run: str
    """The run as a whole."""
    limits: dict[Unit, str] = {}
    """Decimal strings by unit. None at all: it is only counted."""
    labels: dict[str, str] = {}
    """What its calls carry; for people."""
    window: str = "lifetime"
    per_call: str | None = None
    per_output: int | None = None
    wait_seconds: float = 20.0
    bound: str = "auto"
    heartbeat_seconds: Annotated[float, msgspec.Meta(ge=1, le=86_400)] | None = None
    """Of the run as a whole: a promise to beat at least this often. What stops beating is refused, and an hour later its
    limits are let go."""
    keeps: bool = False
    """It outlives the block that made it: the run has no end."""


class RunBudgetQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to show of it."""

    units: str = ""
    """Like `usd,tokens`."""
    window: str = "lifetime"


class ReceiptQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which run the calls are."""

    run: str


class RunAccount(msgspec.Struct, frozen=True, kw_only=True):
    """How one unit of it stands."""

    limit: str | None
    """Null where the budget was removed: it is counted no more, and what it counted stays."""
    spent: str
    reserved: str
    left: str | None


class RunSpent(msgspec.Struct, frozen=True, kw_only=True):
    """What its calls came to; outcomes that nobody knows yet count as what is held."""

    usd: str
    tokens: int
    calls: int


class RunBudgetView(msgspec.Struct, frozen=True, kw_only=True):
    """A budget of a run."""

    budget: str
    """Its name among all budgets."""
    accounts: dict[Unit, RunAccount]
    spent: RunSpent


class Removed(msgspec.Struct, frozen=True):
    """Its limits hold no more."""

    budget: str


def account_view(standing: Standing) -> RunAccount:
    """One account, in the words of this API."""
    unit = standing.account.unit
    return RunAccount(
        limit=None if standing.limit is None else amount_text(unit, standing.limit),
        spent=amount_text(unit, standing.posted + standing.unknown),
        reserved=amount_text(unit, standing.held),
        left=None if standing.left is None else amount_text(unit, standing.left),
    )
