"""Mixed calls without HTTP: the life of a call over the durable ledger, against a provider made of arithmetic."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

from farthing.budgets.match import Resolver
from farthing.call.arrival import Arrival, Caller
from farthing.call.desk import Limits
from farthing.call.drive import drive
from farthing.call.nearing import Nearing
from farthing.call.rules import Rules
from farthing.call.stages import ExactCount, Need, ProviderCount
from farthing.call.states import NeedsFunds, Refused
from farthing.config.engine import wall_ms
from farthing.domain.budget import Budget
from farthing.domain.hold import Reserve
from farthing.domain.ids import Mint
from farthing.domain.money import nanos_from_picos
from farthing.domain.refusal import Refusal
from farthing.domain.usage import Usage
from farthing.guard.providers import Providers
from farthing.ports.upstream import Outbound
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.testing.bill import cost_picos
from farthing.tokens.exact import exact_count
from farthing.tokens.ratio import Ratios
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.openai.chat import ChatDialect
from farthing.wire.openai.responses import ResponsesDialect
from support.client import ListeningClient
from support.desk import ANTHROPIC, BOOK, FACTS, OPENAI
from support.mixed import Mixed, rates_of
from support.upstream import PreparedAnswer

DIALECTS = {
    "openai-chat": ChatDialect(),
    "openai-responses": ResponsesDialect(),
    "anthropic-messages": MessagesDialect(),
}
PATHS = {"openai-chat": "/chat/completions", "openai-responses": "/responses", "anthropic-messages": "/v1/messages"}
_CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


class ArithmeticProvider:
    """ports.upstream.Upstream: reads the cap that arrived, answers within it, and adds up its bill."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.nanos = 0
        self.calls = 0
        self.tokens = 0

    async def send(self, request: Outbound) -> PreparedAnswer:
        await asyncio.sleep(self.chance.random() * 0.002)
        body = json.loads(request.body)
        cap = next(body[name] for name in _CAPS if name in body)
        words = len(str(body.get("input") or body["messages"][0]["content"])) // len("word ")
        usage = Usage(input_tokens=words + 7, output_tokens=min(cap, 1 + int(self.chance.expovariate(1 / 150))))
        picos = cost_picos(usage, rates_of(body["model"]))
        assert picos is not None
        self.nanos += nanos_from_picos(picos)
        self.tokens += usage.input_tokens + usage.output_tokens
        self.calls += 1
        return _answer(request.target, usage, stream=body.get("stream", False))

    async def close(self) -> None:
        return


def _answer(target: str, usage: Usage, *, stream: bool) -> PreparedAnswer:
    """The shortest answer of each dialect that says what was used."""
    given, made = usage.input_tokens, usage.output_tokens
    plain = {"input_tokens": given, "output_tokens": made}
    if target.endswith("/messages"):
        if not stream:
            return _whole({"type": "message", "id": "msg_1", "stop_reason": "end_turn", "usage": plain})
        start = {
            "type": "message_start",
            "message": {"id": "msg_1", "usage": {"input_tokens": given, "output_tokens": 1}},
        }
        delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": made}}
        return _events(("message_start", start), ("message_delta", delta), ("message_stop", {"type": "message_stop"}))
    if target.endswith("/responses"):
        response = {
            "id": "resp_1",
            "object": "response",
            "status": "completed",
            "usage": {**plain, "total_tokens": given + made},
        }
        if not stream:
            return _whole(response)
        return _events(("response.completed", {"type": "response.completed", "response": response}))
    counts = {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
    choice = {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}
    if not stream:
        return _whole({"id": "chatcmpl-1", "object": "chat.completion", "choices": [choice], "usage": counts})
    chunk = {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]}
    return _events(("", chunk), ("", {"id": "chatcmpl-1", "choices": [], "usage": counts}), ("", "[DONE]"))


def _whole(body: dict[str, Any]) -> PreparedAnswer:
    return PreparedAnswer(pieces=[json.dumps(body).encode()])


def _events(*events: tuple[str, Any]) -> PreparedAnswer:
    lines = []
    for name, data in events:
        head = f"event: {name}\n" if name else ""
        lines.append(f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode())
    return PreparedAnswer(pieces=lines, content_type="text/event-stream")


class DurableDesk:
    """call.desk.Desk over a ledger in a file, for calls of the mix."""

    def __init__(self, path: Path, budgets: tuple[Budget, ...], seed: int) -> None:
        self.ledger = SqliteLedger.open(path, what="mixed")
        self.ledger.adopt(budgets, ())
        self.provider = ArithmeticProvider(seed)
        self.rules = Rules(book=BOOK, facts=FACTS, resolver=Resolver(budgets), providers=(OPENAI, ANTHROPIC))
        self.ratios = Ratios()
        self.limits = Limits()
        self.draining = 0
        self.guards = None
        self.health = Providers()
        self.nearing = Nearing()
        self.mint = Mint(self.ledger.slot)
        self.now_ms = wall_ms

    def upstream_of(self, provider: str) -> ArithmeticProvider:
        return self.provider

    async def answer(self, need: Need) -> int | None:
        match need:
            case ExactCount():
                return exact_count(need.draft.texts(), need.facts)
            case ProviderCount():
                return need.plan.arrival.draft.asked.text_bytes // len("word ") + 7
        return None

    async def while_here(self, client: Any, ask: Reserve) -> Any:
        return await self.ledger.reserve(ask)

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def call(self, mixed: Mixed) -> ListeningClient:
        """Drive one call of the mix to its end."""
        client = ListeningClient()
        dialect = DIALECTS[mixed.dialect]
        now = self.now_ms()
        arrival = Arrival(
            id=self.mint(now),
            arrived_ms=now,
            dialect=dialect,
            draft=dialect.read(json.dumps(mixed.body()).encode()),
            caller=Caller(labels=mixed.labels),
            path=PATHS[mixed.dialect],
        )
        plan = self.rules.plan(arrival)
        await drive(Refused(arrival, plan) if isinstance(plan, Refusal) else NeedsFunds(plan), self, client)
        return client
