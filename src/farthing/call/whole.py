"""Answering → Over or Failed, for an answer that is read whole before the client sees it."""

from farthing.call.closing import closing
from farthing.call.desk import Desk
from farthing.call.holding import Holding
from farthing.call.said import funded, passed_on
from farthing.call.states import OVER, Answering, Failed, State
from farthing.call.steering import observe_break
from farthing.domain.errors import Ambiguous
from farthing.domain.record import CallClosing
from farthing.ports.client import Client
from farthing.ports.upstream import Answer
from farthing.wire.dialect import Answered

BILLED_NOTHING = 529
"""Beside every 4xx: Anthropic's `overloaded`, which is documented as not billed."""
MAYBE_BILLED = (408, 499)
"""What gateways between us and the model answer when it took too long, or when they think that we left: it may have been at
work for long (OpenRouter and LiteLLM say 408, Google 499)."""
CLIENT_LEFT = 499
"""The status that is recorded where the client left before it got one."""


async def conclude(state: Answering, desk: Desk, client: Client) -> State:
    """Read the answer, settle what it says, then let the client have it."""
    holding, answer = state.holding, state.answer
    try:
        body = await answer.read_all(desk.limits.answer_bytes)
    except Ambiguous as failure:
        answer.abort()
        observe_break(holding, desk, client)
        return _broken_off(holding, answer, desk, failure)
    status = CLIENT_LEFT if client.gone else answer.status
    if 200 <= answer.status < 300:
        _account(holding, body, desk, status)
    else:
        _account_failure(holding, answer, desk, status, f"the provider answered {answer.status}")
    await client.whole(answer.status, funded(holding) + passed_on(answer.headers), body)
    return OVER


def _broken_off(holding: Holding, answer: Answer, desk: Desk, failure: Ambiguous) -> Failed:
    """The body did not arrive. Its status did, and may be proof enough that nothing was billed."""
    _account_failure(holding, answer, desk, 502, f"the provider answered {answer.status} and broke off: {failure}")
    arrival = holding.plan.arrival
    if holding.cost_nanos == 0:
        message = f"the provider refused the call with {answer.status}, and its reason broke off ({failure}); nothing was charged"
        return Failed(arrival, 502, message, "upstream_broken", cost_nanos=0)
    return Failed(arrival, 502, f"the provider's answer broke off ({failure}); its cost is unknown", "upstream_unknown")


def _account(holding: Holding, body: bytes, desk: Desk, status: int) -> None:
    """Bring the hold of a 2xx answer to its end: settled by its usage, else unknown. `status` is what the client saw."""
    arrival = holding.plan.arrival
    answered = arrival.dialect.answered(body)
    now_ms = desk.now_ms()
    took = now_ms - arrival.arrived_ms
    flags = ("drained",) if status == CLIENT_LEFT else ()
    if answered.usage is not None and not answered.failed:
        end = CallClosing(id=arrival.id, outcome="paid", status=status, finished_ms=now_ms, first_byte_ms=took)
        holding.settle(answered, answered.usage, end, *flags)
        return
    reason = why_unknown(answered)
    end = closing(arrival, now_ms, "unknown", status, first_byte_ms=took, detail=reason)
    holding.lose(reason, end, *flags, answered=answered)


def why_unknown(answered: Answered) -> str:
    """Why an answer's cost is unknown, in words."""
    if answered.failed:
        return f"the provider answered 200 with the error {answered.failed}"
    if answered.pending:
        return "the answer is still being made; its usage comes when it is fetched"
    if answered.flaw:
        return f"the reported usage is impossible: {answered.flaw}"
    return "the answer reports no usage"


def _account_failure(holding: Holding, answer: Answer, desk: Desk, status: int, why: str) -> None:
    """4xx and 529 are not billed, so their hold is void; any other failure may have come after billing."""
    arrival, code = holding.plan.arrival, answer.status
    if (400 <= code < 500 and code not in MAYBE_BILLED) or code == BILLED_NOTHING:
        holding.void(why, closing(arrival, desk.now_ms(), "failed", status, detail=why))
        holding.cost_nanos = 0
    else:
        holding.lose(why, closing(arrival, desk.now_ms(), "unknown", status, detail=why))
