"""Funded → Answering, NeedsFunds or Failed: send the one request whose hold this is, and prove what was sent."""

from farthing.call.closing import closing
from farthing.call.desk import Desk
from farthing.call.holding import Holding
from farthing.call.states import Answering, Failed, Funded, NeedsFunds, Over, Refused, State
from farthing.domain.errors import Ambiguous, BadRequest, NotSent
from farthing.domain.refusal import Refusal
from farthing.ports.client import Client
from farthing.ports.upstream import Outbound

BACKOFF_SECONDS = (0.1, 0.4, 1.0)
"""Pauses before the second, third and later attempts when nothing was sent."""


async def send(state: Funded, desk: Desk, client: Client) -> State:
    """Send the outbound body. Only `NotSent` gives the money back; after it the next attempt has a hold of its own."""
    holding = state.holding
    plan = holding.plan
    if client.gone:
        holding.void("the client left before anything was sent", closing(holding.plan.arrival, desk, "unsent", 499))
        return Over()
    try:
        request = outbound(holding)
    except BadRequest as unfit:  # a thinking budget that does not fit below the clamped cap
        holding.void("the body cannot carry the cap")
        return Refused(plan.arrival, _unfit(holding, unfit), recorded=True)
    try:
        answer = await desk.upstream_of(plan.provider.name).send(request)
    except NotSent as failure:
        return await _again(holding, desk, failure)
    except Ambiguous as failure:
        holding.lose(str(failure), closing(plan.arrival, desk, "unknown", 502, detail=str(failure)))
        return Failed(plan.arrival, 502, _unknown_text(holding, failure), "upstream_unknown")
    return Answering(holding, answer)


def outbound(holding: Holding) -> Outbound:
    """The request of a funded attempt: its body carries exactly the cap that was reserved."""
    plan = holding.plan
    arrival, provider = plan.arrival, plan.provider
    cap = holding.reserved.cap if holding.reserved.cap > 0 else None
    credential = () if provider.has_credential else arrival.credential
    return Outbound(
        origin=provider.origin,
        target=provider.base_path + arrival.path + (f"?{arrival.query}" if arrival.query else ""),
        headers=(*provider.headers, *credential, *arrival.headers),
        body=arrival.draft.outbound(model=plan.model, cap=cap),
    )


async def _again(holding: Holding, desk: Desk, failure: NotSent) -> State:
    """Nothing was sent: try again with a new hold, a bounded number of times, or give up."""
    plan = holding.plan
    if holding.ordinal <= plan.provider.retries:
        holding.void(str(failure))
        await desk.pause(BACKOFF_SECONDS[min(holding.ordinal, len(BACKOFF_SECONDS)) - 1])
        return NeedsFunds(plan, holding.ordinal + 1)
    holding.void(str(failure), closing(plan.arrival, desk, "failed", 502, detail=str(failure)))
    return Failed(
        plan.arrival,
        502,
        f"could not reach the provider {plan.provider.name!r}: {failure}; nothing was sent and nothing was charged",
        "upstream_unreachable",
    )


def _unknown_text(holding: Holding, failure: Ambiguous) -> str:
    return (
        f"the provider {holding.plan.provider.name!r} gave no usable answer ({failure}); the call may have been billed, "
        "so its hold stays until that is known"
    )


def _unfit(holding: Holding, unfit: BadRequest) -> Refusal:
    return Refusal(
        code="budget_exceeded",
        message=f"the budget pays for {holding.reserved.cap} output tokens, which does not fit the request: {unfit.message}",
        what_to_do="raise the budget, or lower the field that is named",
        standing=holding.reserved.tightest,
        field=unfit.field,
    )
