"""A desk with guards, and agents whose messages loop or make progress."""

import asyncio
import json

import msgspec

from farthing.call.agents import AgentRules
from farthing.call.arrival import Caller
from farthing.call.guards import GuardRules, Guards
from farthing.guard.loops import LoopRules
from farthing.ports.guards import Known
from support.client import ListeningClient
from support.desk import ValueDesk, dollars
from support.upstream import chat_answer

BLOCKING = AgentRules(blocks=True)


class GuardedDesk(ValueDesk):
    """Its provider answers whatever is asked."""

    def __init__(self, *outcomes, agents=None, limits=(), answers=200, **more):
        super().__init__(*outcomes, *(chat_answer(10, 5) for _ in range(answers)), budgets=(dollars("100"),), **more)
        self.guards = Guards(GuardRules(limits=tuple(limits), agents=agents), self.notice)

    def arrival(self, body, dialect=None, **more):
        made = super().arrival(body, dialect, **more)
        return msgspec.structs.replace(made, skeleton=msgspec.json.encode(made.draft.skeleton(b"k")))

    def learn(self, *, tell=True, **known):
        self.guards.learn(Known(version=self.guards.version + 1, **known), self.time_ms, tell=tell)

    def take(self, body, labels=(), key="", trusted=None, **more) -> ListeningClient:
        caller = Caller(key=key, labels=tuple(sorted(dict(labels).items())), trusted=trusted, **more)
        return asyncio.run(self.call({"max_tokens": 20, **body}, ListeningClient(), caller=caller))


def turns(*calls, model="gpt-4o-mini"):
    """A conversation in which these tools were called, each as (name, arguments, result)."""
    messages = [{"role": "user", "content": "do it"}]
    for place, (name, arguments, result) in enumerate(calls):
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": f"c{place}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{place}", "content": result})
    tool = {"type": "function", "function": {"name": "x", "parameters": {"type": "object"}}}
    return {"model": model, "messages": messages, "tools": [tool]}


def looping(times):
    """The same search with the same result, so often."""
    return turns(*[("search_orders", {"id": 7}, "none found")] * times)


def code_of(client):
    """The code of a refusal; "" where it went."""
    return json.loads(client.text)["error"]["code"] if client.status >= 400 else ""


def poll_rules(*tools):
    return AgentRules(blocks=True, loops=LoopRules(poll=tools))
