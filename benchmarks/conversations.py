"""Conversations with tools in the format of Chat Completions, put together from calls and their results."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

Message = dict[str, Any]
_ids = count(1)


@dataclass(frozen=True)
class Call:
    """One call of a tool and what came of it."""

    name: str
    arguments: str
    """JSON, written as the model did."""
    result: str

    @staticmethod
    def of(name: str, arguments: dict[str, Any], result: str) -> "Call":
        return Call(name, json.dumps(arguments), result)

    def saying(self, result: str) -> "Call":
        return replace(self, result=result)

    def written(self, arguments: str) -> "Call":
        return replace(self, arguments=arguments)


def ask(text: str) -> Message:
    return {"role": "user", "content": text}


def answer(text: str) -> Message:
    return {"role": "assistant", "content": text}


def step(*calls: Call) -> list[Message]:
    """The model makes these calls at once, and gets their results."""
    ids = [f"call_{next(_ids)}" for _ in calls]
    made = [
        {"id": identity, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for identity, call in zip(ids, calls, strict=True)
    ]
    results = [
        {"role": "tool", "tool_call_id": identity, "content": call.result}
        for identity, call in zip(ids, calls, strict=True)
    ]
    return [{"role": "assistant", "content": None, "tool_calls": made}, *results]


def calls_of(messages: list[Message]) -> Iterator[Call]:
    """The calls of a conversation that have a result."""
    results = {message["tool_call_id"]: message["content"] for message in messages if message["role"] == "tool"}
    for message in messages:
        for made in message.get("tool_calls") or ():
            if made["id"] in results:
                yield Call(made["function"]["name"], made["function"]["arguments"], results[made["id"]])
