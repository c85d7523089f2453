"""Answering → Over or Failed, for an answer that is read whole before the client sees it."""

from farthing.call.closing import closing
from farthing.call.desk import Desk
from farthing.call.holding import Holding
from farthing.call.said import funded, passed_on
from farthing.call.states import Answering, Failed, Over, State
from farthing.domain.errors import Ambiguous
from farthing.domain.money import usd
from farthing.ports.client import Client
from farthing.ports.upstream import Answer
from farthing.wire.dialect import Answered

BILLED_NOTHING = 529
"""Beside every 4xx: Anthropic's `overloaded`, which is documented as not billed."""


async def conclude(state: Answering, desk: Desk, client: Client) -> State:
    """Read the answer, settle what it says, then let the client have it."""
    holding, answer = state.holding, state.answer
    try:
        body = await answer.read_all(desk.limits.answer_bytes)
    except Ambiguous as failure:
        answer.abort()
        arrival = holding.plan.arrival
        holding.lose(str(failure), closing(arrival, desk, "unknown", 502, detail=str(failure)))
        return Failed(arrival, 502, f"the provider's answer broke off ({failure}); its cost is unknown", "upstream_unknown")
    if 200 <= answer.status < 300:
        _account(holding, answer, body, desk)
    else:
        _account_failure(holding, answer, desk)
    cost = holding.cost_nanos
    headers = funded(holding)
    if cost is not None:
        headers.append((b"x-farthing-cost-usd", usd(cost).encode()))
    headers += passed_on(answer.headers)
    await client.whole(answer.status, headers, body)
    return Over()


def _account(holding: Holding, answer: Answer, body: bytes, desk: Desk) -> None:
    """Bring the hold of a 2xx answer to its end: settled by its usage, else unknown."""
    arrival = holding.plan.arrival
    answered = arrival.dialect.answered(body)
    took = desk.now_ms() - arrival.arrived_ms
    if answered.usage is not None and not answered.failed:
        holding.settle(answered, answered.usage, closing(arrival, desk, "paid", answer.status, first_byte_ms=took))
        return
    reason = why_unknown(answered)
    end = closing(arrival, desk, "unknown", answer.status, first_byte_ms=took, detail=reason)
    holding.lose(reason, end, answered=answered)


def why_unknown(answered: Answered) -> str:
    """Why an answer's cost is unknown, in words."""
    if answered.failed:
        return f"the provider answered 200 with the error {answered.failed}"
    if answered.pending:
        return "the answer is still being made; its usage comes when it is fetched"
    if answered.flaw:
        return f"the reported usage is impossible: {answered.flaw}"
    return "the answer reports no usage"


def _account_failure(holding: Holding, answer: Answer, desk: Desk) -> None:
    """4xx and 529 are not billed, so their hold is void; any other failure may have come after billing."""
    end = closing(holding.plan.arrival, desk, "failed", answer.status, detail=f"the provider answered {answer.status}")
    if 400 <= answer.status < 500 or answer.status == BILLED_NOTHING:
        holding.void(f"the provider answered {answer.status}", end)
        holding.cost_nanos = 0
    else:
        holding.lose(f"the provider answered {answer.status}", end)
