"""Asking a person before a call goes on: at a budget's limit, or at one of its thresholds. Nothing is held meanwhile."""

import msgspec

from farthing.budgets.asking import beside, scope
from farthing.budgets.refusals import declined
from farthing.budgets.thresholds import Reached, spent_of
from farthing.call.desk import Desk
from farthing.call.plan import Plan
from farthing.call.rewording import noted
from farthing.domain.budget import Budget, Standing
from farthing.domain.hold import Charge, Declined
from farthing.domain.ids import show
from farthing.domain.record import Labels, Step
from farthing.domain.refusal import Refusal
from farthing.ports.approvals import DECLINED, GRANTED, PENDING, PREFIX, Approval, Petition
from farthing.ports.client import Client


class Question(msgspec.Struct, frozen=True):
    """What a person is asked, and what the caller is told until there is an answer."""

    budget: Budget
    petition: Petition
    standing: Standing
    """As callers are shown it."""
    message: str


def at_limit(plan: Plan, found: Declined) -> Question | None:
    """What is asked instead of refusing the call; None where the budget that cannot pay asks nobody."""
    standing = found.standing
    if standing is None or found.code != "budget_exceeded":
        return None
    budget = next((each for each in plan.terms.asks if each.account_name == standing.account.budget), None)
    if budget is None:
        return None
    worst = _worst(plan, standing)
    gone = spent_of(standing) + standing.held
    short = max(gone + max(worst, standing.needed) - (standing.limit or 0), 1)
    shown = declined(found, plan.gate, plan.terms.renamed)
    assert shown.standing is not None
    return Question(budget, _petition(plan, budget, standing, short=short), shown.standing, shown.message)


def at_threshold(plan: Plan, why: Reached) -> Question:
    """What is asked before a call goes past a threshold."""
    standing, budget = why.standing, why.budget
    message = f"{why.words}, and from {why.at_millionths / 10_000:g} % on a person has to agree"
    shown = msgspec.structs.replace(standing, account=standing.account._replace(budget=budget.name))
    return Question(budget, _petition(plan, budget, standing, at_millionths=why.at_millionths), shown, message)


async def approve(plan: Plan, question: Question, desk: Desk, client: Client) -> Plan | Refusal | None:
    """The plan, to ask for money with anew, once somebody says yes or has raised the budget; the refusal where nobody
    does in time. None as soon as the client leaves. Raises LedgerUnavailable."""
    now_ms = desk.now_ms()
    until_ms = plan.asks_until_ms or now_ms + _patience_ms(plan, question.budget, now_ms)
    found, moved = await desk.approvals.ask(question.petition), False
    if found.state == PENDING and now_ms < until_ms:
        seconds = (until_ms - now_ms) / 1_000
        heard = await desk.approvals.hear(found, question.standing.limit, seconds, client)
        if heard is None:
            return None
        found, moved = heard
    if found.state == GRANTED or moved:
        return noted(msgspec.structs.replace(plan, asks_until_ms=until_ms), _went_on(found, question, now_ms, desk))
    return _declined(found, question) if found.state == DECLINED else _undecided(found, question)


async def pass_thresholds(plan: Plan, desk: Desk, client: Client) -> Plan | Refusal | None:
    """The plan without anything left to ask at thresholds, else as `approve`."""
    while plan.asks:
        why, *rest = plan.asks
        answer = await approve(plan, at_threshold(plan, why), desk, client)
        if not isinstance(answer, Plan):
            return answer
        plan = msgspec.structs.replace(answer, asks=tuple(rest))
    return plan


def _petition(plan: Plan, budget: Budget, standing: Standing, *, short: int = 0, at_millionths: int = 0) -> Petition:
    arrival, account = plan.arrival, standing.account
    return Petition(
        accounts=beside(plan.terms, account),
        budget=budget.name,
        at_millionths=at_millionths,
        short=short,
        limit=standing.limit,
        spent=spent_of(standing),
        worst=_worst(plan, standing),
        scope=scope(budget, account, _trusted(plan)),
        call=arrival.id,
        key=arrival.caller.key,
        labels=arrival.caller.labels,
        model=plan.model,
    )


def _worst(plan: Plan, standing: Standing) -> int:
    """The most that the call may cost on this account, in its base."""
    charge: Charge = next(each for each in plan.charges() if each.account == standing.account)
    return charge.amount(plan.wanted.cap)


def _trusted(plan: Plan) -> Labels:
    caller = plan.arrival.caller
    return tuple(pair for pair in caller.labels if caller.trusted is None or pair[0] in caller.trusted)


def _patience_ms(plan: Plan, budget: Budget, now_ms: int) -> int:
    """How long it may wait for a person: by its budget, within four fifths of the client's own patience."""
    wait_ms = int(budget.approve_wait_seconds * 1_000)
    arrival = plan.arrival
    if arrival.patience_ms is None:
        return wait_ms
    return max(min(wait_ms, arrival.patience_ms * 4 // 5 - (now_ms - arrival.arrived_ms)), 0)


def _went_on(found: Approval, question: Question, asked_ms: int, desk: Desk) -> Step:
    waited = f" after {desk.now_ms() - asked_ms:,} ms"
    who = f"granted by {found.by}" if found.state == GRANTED else "the budget has a higher limit now"
    return Step("approval", f"went on{waited}, {who} ({show(PREFIX, found.id)})", question.message)


def _undecided(found: Approval, question: Question) -> Refusal:
    shown = show(PREFIX, found.id)
    address = Refusal.approval_address(shown)
    if found.state == PENDING:
        said = f"{question.message}; the approval {shown} is waiting for an answer at {address}"
        to_do = f"ask somebody to answer it, with `farthing approvals approve {shown}`, then send the call again"
    else:
        said = f"{question.message}; the approval {shown} at {address} has expired before anybody answered"
        to_do = "send the call again to ask anew"
    return Refusal(code="approval_required", message=said, what_to_do=to_do, standing=question.standing, approval=shown)


def _declined(found: Approval, question: Question) -> Refusal:
    because = f": {found.reason}" if found.reason else ""
    shown = show(PREFIX, found.id)
    return Refusal(
        code="approval_declined",
        message=f"{question.message}; {found.by} declined the approval {shown} ({Refusal.approval_address(shown)}){because}",
        what_to_do="go on without this call; the owner of the budget can raise it, and after an hour it can be asked anew",
        standing=question.standing,
        approval=shown,
    )
