"""Changes: each is the admin side's own, asked for by a form. Nothing here decides, checks or writes by itself."""

import msgspec

from farthing.dashboard.visit import Answer, Visit, see
from farthing.domain.budget import Unit
from farthing.domain.errors import BadRequest
from farthing.gateway.admin import alerts, approvals, budgets, gates, suspensions
from farthing.gateway.admin.approvals import DeclineApproval, GrantApproval
from farthing.gateway.admin.budget_views import NewBudget, RaiseBudget
from farthing.gateway.admin.suspensions import NewSuspension

BUDGETS = "/dashboard/budgets"
_LONGEST_REASON = 500


async def raise_budget(visit: Visit) -> Answer:
    """Add to a budget's present window."""
    body = RaiseBudget(
        amount=visit.wanted("amount").lstrip("$").replace(",", ""),
        unit=_unit(visit),
        value=visit.form.get("value", ""),
        run=visit.form.get("run", ""),
        reason=_reason(visit),
    )
    await budgets.raise_budget(visit.asked(body, name=visit.wanted("budget")))
    return see(BUDGETS, "raised")


async def make_budget(visit: Visit) -> Answer:
    """A stored budget."""
    unit = _unit(visit) or Unit.USD
    told = {
        "name": visit.wanted("name"),
        "limits": {unit.value: visit.wanted("amount").lstrip("$").replace(",", "")},
        "match": _pairs(visit.form.get("match", "")),
        "each": visit.form.get("each", "").strip(),
        "window": visit.form.get("window", "month"),
        "hard": visit.form.get("hard", "block"),
    }
    try:
        body = msgspec.convert(told, NewBudget)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)[:300], field="budget") from None
    await budgets.make_budget(visit.asked(body))
    return see(BUDGETS, "made")


async def remove_budget(visit: Visit) -> Answer:
    """Only one that was made here or by command; the file's are the file's."""
    await budgets.remove_budget(visit.asked(name=visit.wanted("budget")))
    return see(BUDGETS, "removed")


async def suspend(visit: Visit) -> Answer:
    """Refuse the calls of a user, an agent, a run, a key."""
    minutes = visit.form.get("minutes", "").strip()
    try:
        body = NewSuspension(
            label=visit.wanted("label"),
            value=visit.wanted("value"),
            minutes=float(minutes) if minutes else None,
            why=_reason(visit),
        )
        msgspec.convert(msgspec.to_builtins(body), NewSuspension)  # the bounds that a struct does not check by itself
    except (ValueError, msgspec.ValidationError):
        raise BadRequest("minutes must be a number above 0, or be left out", field="minutes") from None
    await suspensions.suspend(visit.asked(body))
    return see(BUDGETS, "suspended")


async def resume(visit: Visit) -> Answer:
    """Lift a suspension."""
    await suspensions.resume(visit.asked(label=visit.wanted("label"), value=visit.wanted("value")))
    return see(BUDGETS, "resumed")


async def grant(visit: Visit) -> Answer:
    """Let the calls go on."""
    amount = visit.form.get("amount", "").strip().lstrip("$").replace(",", "")
    body = GrantApproval(amount=amount or None, reason=_reason(visit))
    await approvals.grant_approval(visit.asked(body, id=visit.named["id"]))
    return see(BUDGETS, "granted")


async def decline(visit: Visit) -> Answer:
    """Refuse them."""
    await approvals.decline_approval(visit.asked(DeclineApproval(reason=_reason(visit)), id=visit.named["id"]))
    return see(BUDGETS, "declined")


async def open_gate(visit: Visit) -> Answer:
    """Let a model be called again that broke its cap."""
    await gates.acknowledge(visit.asked(gate=visit.wanted("gate")))
    return see(BUDGETS, "opened")


async def acknowledge(visit: Visit) -> Answer:
    """Somebody has seen an alert."""
    await alerts.acknowledge_alert(visit.asked(id=visit.named["id"]))
    return see("/dashboard/alerts", "seen")


def _reason(visit: Visit) -> str:
    reason = visit.form.get("reason", "").strip()
    if len(reason) > _LONGEST_REASON:
        raise BadRequest(f"a reason has at most {_LONGEST_REASON} characters", field="reason")
    return reason


def _unit(visit: Visit) -> Unit | None:
    said = visit.form.get("unit", "")
    try:
        return Unit(said) if said else None
    except ValueError:
        raise BadRequest(f"{said[:40]!r} is no unit", field="unit") from None


def _pairs(text: str) -> dict[str, str]:
    """`team=a, user=b*` as labels and values."""
    found = {}
    for piece in filter(None, map(str.strip, text.split(","))):
        name, mark, value = piece.partition("=")
        if not mark:
            raise BadRequest(f"{piece[:40]!r} is no label; write them like team=support, user=ada", field="match")
        found[name.strip()] = value.strip()
    return found
