"""Calls brought as far as a state by values alone: planned, or funded with a hold in hand."""

import json
from typing import Any

from farthing.call.funding import fund
from farthing.call.holding import Holding
from farthing.call.plan import Plan
from farthing.call.states import Funded, NeedsFunds
from farthing.domain.record import CallClosing
from farthing.domain.refusal import Refusal
from support.client import ListeningClient
from support.desk import ValueDesk
from support.upstream import PreparedAnswer


def planned(at: ValueDesk, body: dict[str, Any], dialect: Any = None, **more: Any) -> Plan:
    """The plan of a call that policy does not refuse."""
    plan = at.rules.plan(at.arrival(body, dialect, **more))
    assert not isinstance(plan, Refusal), plan
    return plan


async def funded(at: ValueDesk, body: dict[str, Any], dialect: Any = None, **more: Any) -> Holding:
    """The hold of a call that its budgets can pay."""
    state = await fund(NeedsFunds(planned(at, body, dialect, **more)), at, ListeningClient())
    assert isinstance(state, Funded), state
    return state.holding


def closing(holding: Holding, outcome: str = "paid", status: int = 200) -> CallClosing:
    arrival = holding.plan.arrival
    return CallClosing(id=arrival.id, outcome=outcome, status=status, finished_ms=arrival.arrived_ms + 7)


def claude(**fields: Any) -> dict[str, Any]:
    return {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "hello"}], **fields}


def claude_answer(input_tokens: int = 10, output_tokens: int = 5, *, stop: str = "end_turn") -> PreparedAnswer:
    """A whole Messages answer that reports this usage."""
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5-20251001",
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": stop,
        "usage": {"input_tokens": input_tokens, "output_tokens": output_tokens},
    }
    return PreparedAnswer(pieces=[json.dumps(body).encode()])
