"""NeedsFunds → Funded, Refused or Over: tighten on demand, then clamp, fit, wait or refuse."""

from farthing.budgets.refusals import declined
from farthing.call.approving import approve, at_limit, pass_thresholds
from farthing.call.bounding import follow, tighten
from farthing.call.closing import closing
from farthing.call.desk import Desk
from farthing.call.holding import Holding
from farthing.call.landing import kept, landed, lands_instead, who_lands
from farthing.call.limits import within_limits
from farthing.call.plan import Plan
from farthing.call.stages import Steps
from farthing.call.states import OVER, Funded, NeedsFunds, Refused, State
from farthing.domain.errors import FarthingError
from farthing.domain.hold import Declined, Reserve, Reserved, Short, Void
from farthing.domain.ids import attempt_id
from farthing.domain.price import Unpriced
from farthing.domain.record import AttemptOpening, CallClosing
from farthing.domain.refusal import Refusal
from farthing.guard.run import LifeRules
from farthing.ports.client import Client


async def fund(state: NeedsFunds, desk: Desk, client: Client) -> State:
    """Hold the worst case of the next attempt on every budget it touches, durably, or say why not.

    Raises LedgerUnavailable; nothing is held then.
    """
    plan, ordinal = state.plan, state.ordinal
    try:
        if plan.asks:
            return _asked(await pass_thresholds(plan, desk, client), state, desk)
        if plan.arrival.draft.asked.pointers:
            plan = await walk(follow(plan), desk)
        if plan.terms.per_call or plan.terms.per_output is not None:
            limited = within_limits(plan)
            if isinstance(limited, Refusal):  # by the free bound; a tighter one may do
                limited = within_limits(await _tightened(plan, desk))
            if isinstance(limited, Refusal):
                return Refused(plan.arrival, limited, recorded=ordinal > 1)
            plan = limited
        ask = _ask(plan, ordinal, desk, wait_ms=0)
        found: Reserved | Short | Declined | None = await desk.ledger.reserve(ask)
        if isinstance(found, Short):  # the free bound does not fit: spend a little work before saying so
            plan = await _tightened(plan, desk)
            ask = _ask(plan, ordinal, desk, wait_ms=max(1, plan.wait_ms))
            found = await desk.while_here(client, ask)
        if isinstance(found, Reserved):
            if ask.landing:
                _note_kept(ask, desk)
            holding = Holding(desk, plan, ask.opening, found)
            return await _last(holding) if plan.lands else Funded(holding)
        if isinstance(found, Declined):
            return await _declined(found, plan, state, desk, client)
        assert found is None, "a patient reserve is never answered with Short"
        _record_leaving(state, desk)
        return OVER
    except FarthingError:
        raise
    except BaseException:  # cancelled, maybe in the very moment in which the money was granted to nobody any more
        _withdraw(state, desk)
        raise


def _note_kept(ask: Reserve, desk: Desk) -> None:
    life = LifeRules() if desk.guards is None else desk.guards.rules.life
    desk.nearing.keeps(ask.landing, desk.ledger, desk.now_ms(), life.idle_after_ms)


async def _last(holding: Holding) -> State:
    """A funded last call: there is one for each agent of a run, and another may have been funded meanwhile."""
    plan, desk = holding.plan, holding.desk
    who = who_lands(plan)
    assert who is not None, "only the calls of a run can be its last"
    if await desk.nearing.landings.begin(who, desk.guards):
        return Funded(holding)
    holding.give_back("its run has had its last answer")
    return Refused(plan.arrival, landed(who), recorded=True)


async def _declined(found: Declined, plan: Plan, state: NeedsFunds, desk: Desk, client: Client) -> State:
    """What there is where a budget cannot pay: the last answer of its run, a person to ask, or a refusal."""
    if plan.terms.landing and (last := lands_instead(plan, found)) is not None:
        return NeedsFunds(last, state.ordinal)
    if plan.terms.asks and (question := at_limit(plan, found)) is not None:
        return _asked(await approve(plan, question, desk, client), state, desk)
    return Refused(plan.arrival, declined(found, plan.gate, plan.terms.renamed), recorded=state.ordinal > 1)


def _asked(answer: Plan | Refusal | None, state: NeedsFunds, desk: Desk) -> State:
    """What a person's answer leads to: the call asks for money again, is refused, or its client did not wait."""
    match answer:
        case Plan():
            return NeedsFunds(answer, state.ordinal)
        case Refusal():
            return Refused(state.plan.arrival, answer, recorded=state.ordinal > 1)
        case None:
            _record_leaving(state, desk)
            return OVER


async def _tightened(plan: Plan, desk: Desk) -> Plan:
    if plan.bound.kind == "window" and plan.arrival.draft.asked.previous:
        await desk.ledger.flush()  # what it points to may be settled and not on disk yet, where records are read
        return await walk(follow(plan), desk)
    return await walk(tighten(desk.ratios, plan), desk)


async def walk(steps: Steps[Plan], desk: Desk) -> Plan:
    """Walk a stage, answering what it asks."""
    reply: int | None = None
    while True:
        try:
            need = steps.send(reply)
        except StopIteration as done:
            plan: Plan = done.value
            return plan
        reply = await desk.answer(need)


def _ask(plan: Plan, ordinal: int, desk: Desk, *, wait_ms: int) -> Reserve:
    arrival, card, bound, wanted = plan.arrival, plan.card, plan.bound, plan.wanted
    asked = arrival.draft.asked
    return Reserve(
        opening=AttemptOpening(
            id=attempt_id(arrival.id, ordinal),
            call_id=arrival.id,
            ordinal=ordinal,
            provider=plan.provider.name,
            model=plan.model,
            book="" if isinstance(card, Unpriced) else card.book,
            bound=bound.kind,
            input_bound=bound.tokens,
            text_bytes=asked.text_bytes,
            choices=asked.choices,
            opened_ms=desk.now_ms(),
            steps=plan.steps,
        ),
        call=arrival.opening() if ordinal == 1 else None,
        charges=plan.charges(),
        cap=wanted.cap,
        floor=wanted.floor,
        holder=arrival.caller.key,
        gate=plan.gate,
        wait_ms=wait_ms,
        landing=kept(plan) if plan.terms.landing else (),
        lands=plan.lands,
    )


def refuse(arrival_closing: CallClosing, state: Refused, desk: Desk) -> None:
    """Keep the record of a refused call; it changes no account."""
    if state.recorded:
        desk.ledger.close_call(arrival_closing)
    else:
        desk.ledger.refuse(state.arrival.opening(), arrival_closing)


def _withdraw(state: NeedsFunds, desk: Desk) -> None:
    """Give back what may have been granted to a task that no longer wants it: nothing was sent. Else it changes nothing."""
    arrival = state.plan.arrival
    attempt = attempt_id(arrival.id, state.ordinal)
    end = closing(arrival, desk.now_ms(), "unsent", 499, detail="interrupted while it waited for money")
    desk.ledger.void(Void(attempt=attempt, reason="interrupted before it was sent", at_ms=desk.now_ms(), closing=end))


def _record_leaving(state: NeedsFunds, desk: Desk) -> None:
    """The client left while it waited for money: nothing was held or sent, and the record says so."""
    arrival = state.plan.arrival
    end = closing(arrival, desk.now_ms(), "unsent", 499, detail="the client left while it waited for money")
    refusal = Refusal(code="client_left", message="", what_to_do="")
    refuse(end, Refused(arrival, refusal, recorded=state.ordinal > 1), desk)
