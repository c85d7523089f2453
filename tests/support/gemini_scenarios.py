"""What google-genai is asked to do, and what it then holds in its hands, as plain values.

Runs in the test's process or, for another version of the client, as `python -m support.gemini_scenarios MODE URL KEY`.
"""

import asyncio
import json
import sys
from typing import Any

FLASH = "gemini-2.5-flash"
QUESTION = "Where is my order A-1001?"
ORDER = {"type": "OBJECT", "properties": {"order_id": {"type": "STRING"}}, "required": ["order_id"]}
TOOLS = {
    "tools": [{"function_declarations": [{"name": "get_order", "parameters": ORDER}]}],
    "tool_config": {"function_calling_config": {"mode": "ANY"}},
}
CAPPED = {"max_output_tokens": 300}
BILLED: dict[str, tuple[str, dict[str, Any]]] = {
    "whole": ("generate_content", {"model": FLASH, "contents": QUESTION, "config": CAPPED}),
    "two_candidates": (
        "generate_content",
        {"model": FLASH, "contents": QUESTION, "config": {**CAPPED, "candidate_count": 2}},
    ),
    "thoughts": (
        "generate_content",
        {
            "model": "gemini-2.5-pro",
            "contents": QUESTION,
            "config": {"max_output_tokens": 900, "thinking_config": {"thinking_budget": 400, "include_thoughts": True}},
        },
    ),
    "tools": ("generate_content", {"model": FLASH, "contents": QUESTION, "config": {**CAPPED, **TOOLS}}),
    "json": (
        "generate_content",
        {
            "model": "gemini-3-flash-preview",
            "contents": QUESTION,
            "config": {**CAPPED, "response_mime_type": "application/json", "response_schema": ORDER},
        },
    ),
    "stream": ("generate_content_stream", {"model": FLASH, "contents": QUESTION, "config": CAPPED}),
    "stream_tools": (
        "generate_content_stream",
        {"model": "gemini-3-flash-preview", "contents": QUESTION, "config": {**CAPPED, **TOOLS}},
    ),
}
_THEIR_OWN = frozenset(("sdk_http_response", "response_id", "id", "thought_signature", "headers"))
"""What differs between two equal answers."""


def client_of(url: str, key: str) -> Any:
    """A client as Google ships it, that would try again as often as it can; only its base URL is ours."""
    from google import genai
    from google.genai import types

    options = types.HttpOptions(base_url=url, retry_options=types.HttpRetryOptions(attempts=3, initial_delay=0.01))
    return genai.Client(api_key=key, http_options=options)


async def perform(client: Any, call: tuple[str, dict[str, Any]], *, is_async: bool) -> dict[str, Any]:
    """Make the call; its headers, and what the client made of it: one object, or every chunk of the stream."""
    method, arguments = call
    if not is_async:
        made = getattr(client.models, method)(**arguments)
        objects = list(made) if method.endswith("stream") else [made]
    else:
        made = await getattr(client.aio.models, method)(**arguments)
        objects = [chunk async for chunk in made] if method.endswith("stream") else [made]
        await client.aio.aclose()
    headers = {name.lower(): value for name, value in objects[0].sdk_http_response.headers.items()}
    return {"headers": headers, "objects": [each.model_dump(mode="json", exclude_none=True) for each in objects]}


def plain(value: Any) -> Any:
    """The same without ids and headers: what must be equal through the gateway and direct."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if name not in _THEIR_OWN}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def refusal_of(client: Any, call: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The error that the client raises, as plain values; {} where it raises none."""
    from google.genai import errors

    try:
        asyncio.run(perform(client, call, is_async=False))
    except errors.APIError as error:
        told = {"code": error.code, "status": error.status, "message": error.message, "details": error.details}
        return {"class": type(error).__name__, **told}
    return {}


def main() -> None:
    """Every call against one address; one JSON object a line."""
    from google import genai

    mode, url, key = sys.argv[1:4]
    for name, call in BILLED.items():
        client = client_of(url, key)
        if mode == "refused":
            said = refusal_of(client, call)
        else:
            said = asyncio.run(perform(client, call, is_async=mode == "async"))
        print(json.dumps({"name": name, "version": genai.__version__, **said}), flush=True)


if __name__ == "__main__":
    main()
