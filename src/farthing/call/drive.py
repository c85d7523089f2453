"""The one loop of a call: do what its state asks, until it is over.

Whatever happens here (an error of ours, a cancelled task), an open hold is brought to an end on the way out: what may
have been sent stays held.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from farthing.call.closing import closing
from farthing.call.desk import Desk
from farthing.call.funding import fund, refuse
from farthing.call.holding import Holding
from farthing.call.said import always, refused
from farthing.call.sending import send
from farthing.call.states import OVER, Answering, Failed, Funded, NeedsFunds, Over, Refused, State
from farthing.call.streaming import relay
from farthing.call.visit import Visit
from farthing.call.whole import conclude
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.money import usd
from farthing.ports.client import Client
from farthing.ports.upstream import Answer

_STREAM = b"text/event-stream"


async def drive(state: State, desk: Desk, client: Client) -> None:
    """Walk a call from its first state to its end."""
    holding: Holding | None = None
    answer: Answer | None = None
    visit = state.plan.visit if isinstance(state, NeedsFunds) else None
    try:
        while state is not OVER:
            if isinstance(state, Funded):
                holding = state.holding
            elif isinstance(state, Answering):
                answer = state.answer
            state = await _STEPS[type(state)](state, desk, client)
    except BaseException as error:
        if holding is not None:
            _leave_nothing_open(holding, state, desk, error)
        raise
    finally:
        _let_go(visit, holding, answer, desk)


def _leave_nothing_open(holding: Holding, state: State, desk: Desk, error: BaseException) -> None:
    """On the way out of an error: the hold gets its end, and the call's row too where an earlier attempt has made one."""
    arrival = holding.plan.arrival
    status = 503 if isinstance(error, LedgerUnavailable) else 500 if isinstance(error, Exception) else 499
    if not holding.ended:
        end = closing(arrival, desk.now_ms(), "unknown", status, detail="interrupted")
        holding.lose("interrupted before its usage was known", end)
    elif not holding.closed and isinstance(state, NeedsFunds | Funded):
        end = closing(arrival, desk.now_ms(), "unsent", status, detail="interrupted between two attempts")
        desk.ledger.close_call(end)


def _let_go(visit: Visit | None, holding: Holding | None, answer: Answer | None, desk: Desk) -> None:
    """Drop the provider's answer, and tell the guards that the call is over and whether any of it may have been sent."""
    if answer is not None:
        answer.abort()
    if visit is not None and desk.guards is not None:
        sent = answer is not None or (holding is not None and holding.lost)
        desk.guards.leave(visit, sent=sent, now_ms=desk.now_ms())


def _hand_on(state: Answering, desk: Desk, client: Client) -> Awaitable[State]:
    return (relay if _streams(state) else conclude)(state, desk, client)


def _streams(state: Answering) -> bool:
    """A stream was asked for and is what came; an error or a plain document is read whole, whatever was asked."""
    if not state.holding.plan.arrival.draft.asked.stream or state.answer.status != 200:
        return False
    kind = next((value for name, value in state.answer.headers if name == b"content-type"), b"")
    return kind[: len(_STREAM)].lower() == _STREAM


async def _say_no(state: Refused, desk: Desk, client: Client) -> Over:
    status, headers, body = refused(state.arrival, state.refusal)
    code, message = state.refusal.code, state.refusal.message
    refuse(closing(state.arrival, desk.now_ms(), "refused", status, code=code, detail=message), state, desk)
    await client.whole(status, headers, body)
    return OVER


async def _say_failed(state: Failed, _: Desk, client: Client) -> Over:
    arrival = state.arrival
    body = arrival.dialect.error(status=state.status, message=state.message, code=state.code, field=state.field)
    headers = [*always(arrival, arrival.draft.asked.model), (b"content-type", b"application/json")]
    if state.cost_nanos is not None:
        headers.append((b"x-farthing-cost-usd", usd(state.cost_nanos).encode()))
    await client.whole(state.status, headers, body)
    return OVER


_STEPS: dict[type[State], Callable[[Any, Desk, Client], Awaitable[State]]] = {
    NeedsFunds: fund,
    Funded: send,
    Answering: _hand_on,
    Refused: _say_no,
    Failed: _say_failed,
}
"""What each state asks to be done. `OVER` asks for nothing."""
