"""What the makers' own Python clients are asked to do, and what they then hold in their hands, as plain values.

Runs in the test's process or, for another version of a client, as `python -m support.maker_scenarios MAKER URL KEY`.
"""

import asyncio
import inspect
import json
import sys
from typing import Any

QUESTION = [{"role": "user", "content": "Where is my order A-1001?"}]
ORDER = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
CHAT = {"model": "gpt-4o-mini", "messages": QUESTION, "max_tokens": 60}
CHAT_TOOLS = {
    "tools": [{"type": "function", "function": {"name": "get_order", "parameters": ORDER}}],
    "tool_choice": "required",
}
RESPONSES = {"model": "gpt-4o-mini", "input": "Where is my order A-1001?", "max_output_tokens": 60}
RESPONSES_TOOLS = {
    "tools": [{"type": "function", "name": "get_order", "parameters": ORDER, "strict": False}],
    "tool_choice": "required",
}
MESSAGES = {"model": "claude-haiku-4-5", "messages": QUESTION, "max_tokens": 60}
MESSAGES_TOOLS = {"tools": [{"name": "get_order", "input_schema": ORDER}], "tool_choice": {"type": "any"}}
SHOWN = {"stream": True, "stream_options": {"include_usage": True}}
STREAM = {"stream": True}

OPENAI: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("chat.completions.create", CHAT),
    "chat_two_choices": ("chat.completions.create", {**CHAT, "n": 2}),
    "chat_reasoning": (
        "chat.completions.create",
        {"model": "gpt-5-mini", "messages": QUESTION, "max_completion_tokens": 900},
    ),
    "chat_tools": ("chat.completions.create", {**CHAT, **CHAT_TOOLS}),
    "chat_stream": ("chat.completions.create", {**CHAT, **SHOWN}),
    "chat_stream_tools": ("chat.completions.create", {**CHAT, **CHAT_TOOLS, **SHOWN}),
    "chat_stream_without_usage": ("chat.completions.create", {**CHAT, **STREAM}),
    "responses": ("responses.create", RESPONSES),
    "responses_tools": ("responses.create", {**RESPONSES, **RESPONSES_TOOLS}),
    "responses_stream": ("responses.create", {**RESPONSES, **STREAM}),
    "responses_stream_tools": ("responses.create", {**RESPONSES, **RESPONSES_TOOLS, **STREAM}),
    "embeddings": ("embeddings.create", {"model": "text-embedding-3-small", "input": ["one", "two or three"]}),
}
ANTHROPIC: dict[str, tuple[str, dict[str, Any]]] = {
    "messages": ("messages.create", MESSAGES),
    "messages_tools": ("messages.create", {**MESSAGES, **MESSAGES_TOOLS}),
    "messages_stream": ("messages.create", {**MESSAGES, **STREAM}),
    "messages_stream_tools": ("messages.create", {**MESSAGES, **MESSAGES_TOOLS, **STREAM}),
    "messages_thinking": (
        "messages.create",
        {
            **MESSAGES,
            "model": "claude-sonnet-4-6",
            "max_tokens": 2_000,
            "thinking": {"type": "enabled", "budget_tokens": 1_024},
        },
    ),
}
FREE = {
    "openai": {"models": ("models.list", {})},
    "anthropic": {
        "models": ("models.list", {}),
        "count_tokens": ("messages.count_tokens", {name: MESSAGES[name] for name in ("model", "messages")}),
    },
}
"""Requests that bill nothing."""
BILLED = {"openai": OPENAI, "anthropic": ANTHROPIC}

_THEIR_OWN = frozenset(
    ("id", "created", "created_at", "completed_at", "item_id", "call_id", "tool_call_id", "tool_use_id", "_request_id", "signature", "farthing")
)  # fmt: skip
"""What differs between two equal answers, and our own note."""


def client_of(maker: str, url: str, key: str, *, is_async: bool = False) -> Any:
    """A client as its maker ships it; only its base URL is ours."""
    if maker == "openai":
        import openai

        return (openai.AsyncOpenAI if is_async else openai.OpenAI)(base_url=f"{url}/v1", api_key=key)
    import anthropic

    return (anthropic.AsyncAnthropic if is_async else anthropic.Anthropic)(base_url=url, api_key=key)


async def perform(client: Any, call: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Make the call; its headers, and what the client made of its body: one object, or every event of the stream."""
    path, arguments = call
    *groups, method = path.split(".")
    holder = client
    for name in groups:
        holder = getattr(holder, name)
    raw = await _waited(getattr(holder.with_raw_response, method)(**arguments))
    made = await _waited(raw.parse())
    if arguments.get("stream"):
        objects = [event async for event in made] if hasattr(made, "__aiter__") else list(made)
    else:
        objects = [made]
    return {"headers": dict(raw.headers), "objects": [each.model_dump(mode="json") for each in objects]}


def plain(value: Any) -> Any:
    """The same without ids, moments and our note: what must be equal through the gateway and direct."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if name not in _THEIR_OWN}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def note_of(objects: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Our note among the events of a stream."""
    return next((each["farthing"] for each in objects if each.get("farthing")), None)


async def _waited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def _close(client: Any) -> None:
    await _waited(client.close())


async def perform_once(
    maker: str, url: str, key: str, call: tuple[str, dict[str, Any]], *, is_async: bool
) -> dict[str, Any]:
    """One call with a client of its own."""
    client = client_of(maker, url, key, is_async=is_async)
    try:
        return await perform(client, call)
    finally:
        await _close(client)


def refusal_of(maker: str, url: str, key: str, call: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The error a client raises, as plain values; {} where it raises none."""
    client = client_of(maker, url, key)
    module = sys.modules[maker]
    try:
        asyncio.run(perform(client, call))
    except module.APIStatusError as error:
        return {
            "class": type(error).__name__,
            "status": error.status_code,
            "message": str(error),
            "code": getattr(error, "code", None),
            "type": getattr(error, "type", None),
            "body": error.body,
        }
    finally:
        client.close()
    return {}


def main() -> None:
    """Every call of one maker against one address, sync and async; one JSON object a line."""
    maker, mode, url, key = sys.argv[1:5]
    version = __import__(maker).__version__
    for name, call in BILLED[maker].items():
        if mode == "refused":
            said = refusal_of(maker, url, key, call)
        else:
            said = asyncio.run(perform_once(maker, url, key, call, is_async=mode == "async"))
        print(json.dumps({"name": name, "version": version, **said}), flush=True)


if __name__ == "__main__":
    main()
