"""Funded → Answering, NeedsFunds or Failed: send the one request whose hold this is, and prove what was sent."""

from farthing.call.closing import closing
from farthing.call.desk import Desk
from farthing.call.holding import Holding
from farthing.call.rewording import noted
from farthing.call.states import OVER, Answering, Failed, Funded, NeedsFunds, State
from farthing.call.steering import observe, observe_answer, observe_break, passing, steered
from farthing.domain.errors import Ambiguous, BadRequest, NotSent, Unreachable
from farthing.domain.ids import ATTEMPTS
from farthing.domain.record import Step
from farthing.guard.breaker import THROUGH, Barred
from farthing.guard.providers import Outcome
from farthing.ports.client import Client
from farthing.ports.upstream import Outbound

BACKOFF_SECONDS = (0.1, 0.4, 1.0)
"""Pauses before the second, third and later attempts when nothing was sent."""


async def send(state: Funded, desk: Desk, client: Client) -> State:
    """Send the outbound body. Only `NotSent` gives the money back; after it the next attempt has a hold of its own."""
    holding = state.holding
    plan = holding.plan
    if client.gone:
        holding.void("the client left before anything was sent", closing(plan.arrival, desk.now_ms(), "unsent", 499))
        return OVER
    try:
        request = outbound(holding)
    except BadRequest as unfit:
        return _unfit(holding, desk, unfit, "the body cannot carry its cap")
    except BaseException:  # a fault of ours, and proof enough that nothing was sent
        holding.void("the request could not be written", closing(plan.arrival, desk.now_ms(), "failed", 500))
        raise
    through = passing(holding, desk) if desk.health.breakers else THROUGH  # nobody is ill: one look
    if isinstance(through, Barred):
        elsewhere = steered(holding, desk, through)
        if elsewhere is not None:
            return elsewhere
        through = THROUGH
    sent_ms = desk.now_ms()
    try:
        answer = await desk.upstream_of(plan.provider.name).send(request)
    except NotSent as failure:
        told = Outcome.CONNECT_FAILED if isinstance(failure, Unreachable) else Outcome.NOTHING
        observe(holding, desk, told, probe=through.probe)
        return await _again(holding, desk, failure)
    except BadRequest as unfit:
        observe(holding, desk, Outcome.NOTHING, probe=through.probe)
        return _unfit(holding, desk, unfit, "the request cannot be written as HTTP")
    except Ambiguous as failure:
        observe_break(holding, desk, client, probe=through.probe)
        holding.lose(str(failure), closing(plan.arrival, desk.now_ms(), "unknown", 502, detail=str(failure)))
        return Failed(plan.arrival, 502, _unknown_text(holding, failure), "upstream_unknown")
    observe_answer(holding, desk, answer.status, sent_ms, probe=through.probe)
    return Answering(holding, answer)


def outbound(holding: Holding) -> Outbound:
    """The request of a funded attempt: its body carries exactly the cap that was reserved."""
    plan = holding.plan
    arrival, provider = plan.arrival, plan.provider
    path, query, reserved = arrival.path, arrival.query, holding.reserved
    target = provider.base_path + (arrival.address(plan.model) if "{" in path else path)
    headers = holding.desk.rules.outgoing(provider, arrival.headers)
    if arrival.credential and not provider.has_credential:
        headers = (*provider.headers, *arrival.credential, *headers[len(provider.headers) :])
    return Outbound(
        origin=provider.origin,
        target=f"{target}?{query}" if query else target,
        headers=headers,
        body=arrival.draft.outbound(
            model=plan.model,
            cap=(reserved.cap or None) if arrival.draft.asked.thinking is None else _cap_to_write(holding),
        ),
    )


def _cap_to_write(holding: Holding) -> int | None:
    """The cap to put into the body; None where the caller's own stands in it already and must not be touched.

    Anthropic takes a thinking budget above the cap where thinking is interleaved with tools, and elsewhere explains the
    caller's mistake itself; we lower it only under a cap that we lowered.
    """
    asked, reserved = holding.plan.arrival.draft.asked, holding.reserved
    if reserved.cap == 0:
        return None
    interleaved = asked.cap == reserved.cap and asked.thinking is not None and asked.thinking >= reserved.cap
    return None if interleaved and holding.plan.provider.format == "anthropic" else reserved.cap


def _unfit(holding: Holding, desk: Desk, unfit: BadRequest, why: str) -> Failed:
    """What was asked for cannot be sent, now or ever; nothing was."""
    arrival = holding.plan.arrival
    holding.void(why, closing(arrival, desk.now_ms(), "failed", unfit.status, code=unfit.code, detail=unfit.message))
    return Failed(arrival, unfit.status, unfit.message, unfit.code, field=unfit.field, cost_nanos=0)


async def _again(holding: Holding, desk: Desk, failure: NotSent) -> State:
    """Nothing was sent: try again with a new hold, a bounded number of times, or give up."""
    plan = holding.plan
    if holding.ordinal <= min(plan.provider.retries, ATTEMPTS - 1):
        holding.void(str(failure))
        await desk.pause(BACKOFF_SECONDS[min(holding.ordinal, len(BACKOFF_SECONDS)) - 1])
        return NeedsFunds(noted(plan, Step("retry", "sent once more", str(failure))), holding.ordinal + 1)
    holding.void(str(failure), closing(plan.arrival, desk.now_ms(), "failed", 502, detail=str(failure)))
    return Failed(
        plan.arrival,
        502,
        f"could not reach the provider {plan.provider.name!r}: {failure}; nothing was sent and nothing was charged",
        "upstream_unreachable",
        cost_nanos=0,
    )


def _unknown_text(holding: Holding, failure: Ambiguous) -> str:
    return (
        f"the provider {holding.plan.provider.name!r} gave no usable answer ({failure}); the call may have been billed, "
        "so its hold stays until that is known"
    )
