"""Uses of tools that cost money, as the admin side takes and shows them. Amounts are decimal strings of dollars."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from farthing.call.tool_deadlines import HeldUse
from farthing.domain.ids import show
from farthing.domain.money import usd
from farthing.gateway.admin.shown import at, moment
from farthing.ports.records import CallRecord

State = Literal["held", "unknown", "settled", "void"]
HOLD_SECONDS = 900.0
LONGEST_SECONDS = 86_400.0
MOST_WAIT_SECONDS = 600.0


class NewToolUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool is about to be used: set aside what that costs at most."""

    once: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """A word of your own for this use: asked for again under it, it is the same use, and its money is held once."""
    run: str
    tool: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    most_usd: str
    """A decimal string, like "0.05"."""
    exact: bool = False
    """It costs exactly that."""
    labels: dict[str, str] = {}
    """What calls of the run carry beside `run`."""
    seconds: Annotated[float, msgspec.Meta(ge=1, le=LONGEST_SECONDS)] = HOLD_SECONDS
    """When nothing was said by then, its program is presumed dead, and the outcome unknown."""
    wait_seconds: Annotated[float, msgspec.Meta(ge=0, le=MOST_WAIT_SECONDS)] = 20.0
    """How long to wait at most for money that others hold; the budgets may say less."""


class ToolCost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a use came to."""

    usd: str | None = None
    """A decimal string; by default what was held, where that was exact."""


class ToolEnd(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it has no cost, or none that is known."""

    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class ToolWord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A use by the word that it was asked for under."""

    once: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Withdrawn(msgspec.Struct, frozen=True):
    """Whether there was anything to withdraw: a request that waited, or money that was held."""

    withdrawn: bool


class ToolUseView(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a tool."""

    id: str
    """The call that it is on record as."""
    run: str
    tool: str
    state: State
    """`unknown`: it counts as spent, whole, until somebody says what it cost or a policy charges it."""
    cost_usd: str | None
    """Null until it is settled."""
    source: str
    """Who said so: `provider` is its program, `estimate` a policy."""
    expires_at: datetime | None
    """When a held one is presumed lost; null where it has ended, or another gateway holds it."""
    charged_at: datetime | None
    """When a policy charges an unknown one."""


def held_view(use: HeldUse, run: str) -> ToolUseView:
    """One that was just held."""
    return ToolUseView(
        id=show("call", use.paying.call),
        run=run,
        tool=use.paying.tool,
        state="held",
        cost_usd=None,
        source="",
        expires_at=at(use.expires_ms),
        charged_at=None,
    )


def use_view(record: CallRecord, held: HeldUse | None) -> ToolUseView:
    """One as it is on record. `held` is what this process knows of it beside."""
    opening, attempt = record.opening, record.attempts[0]
    return ToolUseView(
        id=show("call", opening.id),
        run=dict(opening.labels).get("run", ""),
        tool=opening.model,
        state=msgspec.convert(attempt.state, State),
        cost_usd=None if attempt.cost_nanos is None else usd(attempt.cost_nanos),
        source=attempt.source,
        expires_at=None if held is None else at(held.expires_ms),
        charged_at=moment(attempt.due_ms) if attempt.state == "unknown" else None,
    )
