"""Money for tools: held on every budget of a caller before a tool runs, and settled to the nano-dollar after it.

The same ledger, accounts and records as for models: one call with one attempt, provider `tool`, the tool's name as its
model, no tokens. Budgets on money hold it; those on tokens and calls do not count it. Both doors come here.
"""

from typing import NamedTuple

from farthing.budgets.hold import charges
from farthing.budgets.refusals import declined
from farthing.budgets.terms import Terms, terms_of
from farthing.call.arrival import Caller
from farthing.call.desk import Desk
from farthing.domain.budget import COUNTS, AccountKey, Standing
from farthing.domain.errors import FarthingError
from farthing.domain.hold import Charge, Declined, Loss, Reserve, Reserved, Settlement, Short, Spent, Void
from farthing.domain.ids import attempt_id
from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.refusal import Refusal, amount_text
from farthing.domain.usage import Usage
from farthing.guard.refusals import stopped, suspended
from farthing.pricing.tool_price import TOOL, declared


class Buying(NamedTuple):
    """A use of a tool that is about to be made."""

    tool: str
    most_nanos: int
    """What it costs at most."""
    known: bool
    """It costs exactly that."""


class Paying(NamedTuple):
    """A tool's money in hand: whoever has it brings it to exactly one end."""

    call: int
    tool: str
    most_nanos: int


async def hold(
    desk: Desk, id: int, buying: Buying, caller: Caller, *, patience_ms: int | None = None
) -> Paying | Refusal:
    """Set aside what this use costs at most, durably, or say why not. `id` is a fresh one for the record.

    Waits for money that calls in flight hold, as long as the budgets say, and no longer than `patience_ms`. Raises
    LedgerUnavailable; nothing is held then.
    """
    now_ms = desk.now_ms()
    opening = CallOpening(
        id=id,
        arrived_ms=now_ms,
        key=caller.key,
        labels=caller.labels,
        dialect=TOOL,
        route=TOOL,
        model=buying.tool,
    )
    terms = _terms(desk, caller, now_ms)
    no = _stopped(desk, caller, now_ms) or _forbidden(terms, buying.most_nanos)
    if no is None:
        wait_ms = terms.wait_ms if patience_ms is None else min(terms.wait_ms, patience_ms)
        ask = _ask(opening, buying, terms, wait_ms)
        found = await _reserved(desk, ask)
        if isinstance(found, Reserved):
            return Paying(id, buying.tool, buying.most_nanos)
        assert isinstance(found, Declined), "a patient reserve is never answered with Short"
        no = declined(found, ask.gate, terms.renamed)
    no = _in_our_words(no, buying.tool)
    desk.ledger.refuse(opening, _closing(id, now_ms, "refused", no.status, no.code, no.message))
    return no


async def _reserved(desk: Desk, ask: Reserve) -> Reserved | Short | Declined:
    try:
        return await desk.ledger.reserve(ask)
    except FarthingError:
        raise
    except BaseException:  # its asker left, maybe in the very moment in which the money was granted
        reason = "its asker left before it ran"
        end = _closing(ask.opening.call_id, desk.now_ms(), "unsent", 499, detail=reason)
        desk.ledger.void(Void(attempt=ask.opening.id, reason=reason, at_ms=desk.now_ms(), closing=end))
        raise


def settle(desk: Desk, paying: Paying, nanos: int) -> None:
    """It cost this. More than was held is charged all the same, and hard budgets refuse the tool until somebody looked."""
    desk.ledger.settle(settlement_of(paying, nanos, desk.now_ms()))


def settlement_of(paying: Paying, nanos: int, now_ms: int) -> Settlement:
    """That it cost this, as the ledger takes it."""
    over = nanos > paying.most_nanos
    return Settlement(
        attempt=attempt_id(paying.call, 1),
        spent=Spent(picos=nanos * PICOS_PER_NANO, calls=0),
        usage=Usage(),
        cost_nanos=nanos,
        served_model=paying.tool,
        flags=("overran_cap",) if over else (),
        overran=_gate(paying.tool) if over else "",
        settled_ms=now_ms,
        closing=_closing(paying.call, now_ms, "paid", 200),
    )


def lose(desk: Desk, paying: Paying, reason: str) -> None:
    """It ran, or may have run, and nobody knows whether it is billed: what was held counts as spent. A tool shows nothing of
    what it costs while it runs, as a stream does, so all of its price is taken for seen: no policy charges less."""
    now_ms = desk.now_ms()
    desk.ledger.lose(
        Loss(
            attempt=attempt_id(paying.call, 1),
            seen=Spent(picos=paying.most_nanos * PICOS_PER_NANO, calls=0),
            due_ms=now_ms + desk.limits.unknown_after_ms,
            reason=reason,
            closing=_closing(paying.call, now_ms, "unknown", 500, detail=reason),
        )
    )


def void(desk: Desk, paying: Paying, reason: str) -> None:
    """The tool itself says that nothing was bought."""
    now_ms = desk.now_ms()
    end = _closing(paying.call, now_ms, "unsent", 500, detail=reason)
    desk.ledger.void(Void(attempt=attempt_id(paying.call, 1), reason=reason, at_ms=now_ms, closing=end))


def _terms(desk: Desk, caller: Caller, now_ms: int) -> Terms:
    touches = desk.rules.resolver.accounts(
        caller.labels, caller.trusted, at_ms=now_ms, key=caller.key, max_values=caller.max_values
    )
    return terms_of(touches)


def _ask(opening: CallOpening, buying: Buying, terms: Terms, wait_ms: int) -> Reserve:
    return Reserve(
        opening=AttemptOpening(
            id=attempt_id(opening.id, 1),
            call_id=opening.id,
            ordinal=1,
            provider=TOOL,
            model=opening.model,
            book=declared(buying.most_nanos) if buying.known else "",
            bound="exact",
            input_bound=0,
            opened_ms=opening.arrived_ms,
        ),
        call=opening,
        charges=_charges(terms, buying.most_nanos),
        cap=0,
        floor=0,
        holder=opening.key,
        gate=_gate(opening.model),
        wait_ms=max(1, wait_ms),
    )


def _charges(terms: Terms, most_nanos: int) -> tuple[Charge, ...]:
    money = tuple(line for line in terms.accounts if line[0].unit not in COUNTS)
    return charges(
        money,
        base_picos=most_nanos * PICOS_PER_NANO,
        slope_picos=0,
        input_tokens=0,
        extra_output_tokens=0,
        choices=1,
    )


def _stopped(desk: Desk, caller: Caller, now_ms: int) -> Refusal | None:
    """Who is suspended buys nothing, nor does a run that has ended."""
    guards = desk.guards
    if guards is None:
        return None
    suspension = guards.suspensions.find(caller.labels, now_ms=now_ms, key=caller.key)
    if suspension is not None:
        return suspended(suspension)
    over = guards.over(dict(caller.labels), caller.key, now_ms)
    return None if over is None else stopped(over[1])


def _forbidden(terms: Terms, most_nanos: int) -> Refusal | None:
    """Why a hard budget cannot pay for this whatever is left in it."""
    if terms.no_rate is not None:
        budget, why = terms.no_rate
        code = budget.money.currency
        return Refusal(
            code="no_rate",
            message=f"the budget {budget.name!r} counts {code}, and {why}",
            what_to_do=f"the operator adds a newer rate to [currencies.{code}] rates in farthing.toml",
        )
    for budget, rate in terms.per_call:
        assert budget.per_call is not None
        account = AccountKey(budget.name, "", budget.money, "call")
        needed = Charge(account, most_nanos * PICOS_PER_NANO, 0, rate.times, rate.over).amount(0)
        if needed > budget.per_call:
            most = f"{amount_text(budget.money, budget.per_call)} {budget.money.currency}"
            return Refusal(
                code="budget_exceeded",
                message=f"the budget {budget.name!r} lets one call cost {most} at most, and this tool may cost "
                f"{amount_text(budget.money, needed)}",
                what_to_do="the owner of the budget can raise its `per_call`",
                standing=Standing(account, budget.per_call, 0, 0, 0, needed=needed),
            )
    return None


def _in_our_words(refusal: Refusal, tool: str) -> Refusal:
    """Words about prompts and caps mean nothing to a tool."""
    if refusal.code != "provider_overran":
        return refusal
    return Refusal(
        code=refusal.code,
        message=f"the tool {tool} cost more than the `most` it was given, so hard budgets refuse it",
        what_to_do=f"raise its `most`, then `farthing budgets acknowledge {_gate(tool)}`",
        standing=refusal.standing,
    )


def _gate(tool: str) -> str:
    return f"{TOOL}/{tool}"


def _closing(call: int, at_ms: int, outcome: str, status: int, code: str = "", detail: str = "") -> CallClosing:
    return CallClosing(id=call, outcome=outcome, status=status, finished_ms=at_ms, code=code, detail=detail[:300])
