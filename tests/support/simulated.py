"""Talking to the simulated provider without a maker's client: plain requests, and streams taken apart."""

import json

import httpx2

OPENAI = {"authorization": "Bearer sk-test", "content-type": "application/json"}
ANTHROPIC = {"x-api-key": "sk-ant-test", "anthropic-version": "2023-06-01", "content-type": "application/json"}
USER = [{"role": "user", "content": "Where is my order A-1001?"}]


def chat_body(**more):
    return {"model": "gpt-4o-mini", "messages": USER, **more}


def messages_body(**more):
    return {"model": "claude-haiku-4-5", "max_tokens": 1_000, "messages": USER, **more}


def responses_body(**more):
    return {"model": "gpt-4o-mini", "input": "Where is my order A-1001?", **more}


BODIES = {
    "/v1/chat/completions": chat_body,
    "/v1/responses": responses_body,
    "/v1/messages": messages_body,
}


def post(provider, path, body, **headers):
    """The answer to one request on a connection of its own."""
    own = ANTHROPIC if path.startswith("/v1/messages") else OPENAI
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with httpx2.Client(trust_env=False, verify=False) as client:
        return client.post(f"{provider.url}{path}", content=data, headers={**own, **headers})


def events_of(text):
    """The events of a stream: pairs of name and data; `[DONE]` is data too."""
    pairs = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        data = fields["data"]
        pairs.append((fields.get("event", ""), data if data == "[DONE]" else json.loads(data)))
    return pairs


def tool(name, *strings, **others):
    """A function in JSON Schema with these string arguments, all required."""
    properties = {**{each: {"type": "string"} for each in strings}, **others}
    return name, {"type": "object", "properties": properties, "required": list(properties)}


def chat_tool(name, *strings, **others):
    name, schema = tool(name, *strings, **others)
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def messages_tool(name, *strings, **others):
    name, schema = tool(name, *strings, **others)
    return {"name": name, "input_schema": schema}


def responses_tool(name, *strings, **others):
    name, schema = tool(name, *strings, **others)
    return {"type": "function", "name": name, "parameters": schema}
