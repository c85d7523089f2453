"""Anthropic Messages on the wire, as the API sends it: whole answers and event streams."""

import json

WHOLE_USAGE = {
    "input_tokens": 21,
    "cache_creation_input_tokens": 300,
    "cache_read_input_tokens": 1000,
    "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
    "output_tokens": 45,
    "output_tokens_details": {"thinking_tokens": 20},
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
    "service_tier": "standard",
}


def event(name: str, data: dict) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), compact(data))


def compact(value) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def asked(**fields) -> bytes:
    """A small request body, with these fields over the usual ones. A field that is None is left out."""
    body = {
        "model": "claude-sonnet-4-6",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "Hello, Claude"}],
        **fields,
    }
    return compact({key: value for key, value in body.items() if value is not None})


def whole(usage=WHOLE_USAGE, **fields) -> bytes:
    answer = {
        "id": "msg_013Zva2CMHLNnXjNJJKqJ2EF",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-6-20260217",
        "content": [{"type": "text", "text": "Hi! My name is Claude."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
        **fields,
    }
    return compact({key: value for key, value in answer.items() if value is not ...})


def start(**usage) -> bytes:
    message = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": "claude-sonnet-4-6-20260217",
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 21,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 1,
        }
        | usage,
    }
    return event("message_start", {"type": "message_start", "message": message})


def delta(kind: str = "text_delta", index: int = 0, **fields) -> bytes:
    """One piece of output; `fields` are those of its kind, `text="Hi"`."""
    return event(
        "content_block_delta", {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}
    )


def end(stop_reason: str | None = "end_turn", **usage) -> bytes:
    """`message_delta`, without usage where none is given."""
    body = {"type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": None}}
    return event("message_delta", {**body, "usage": usage} if usage else body)


PING = b'event: ping\ndata: {"type": "ping"}\n\n'
BLOCK_START = (
    b"event: content_block_start\n"
    b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
)
BLOCK_STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
OVERLOADED = (
    b"event: error\n"
    b'data: {"type": "error", "error": {"details": null, "type": "overloaded_error", "message": "Overloaded"}}\n\n'
)

OPENING = (start(), BLOCK_START, PING, delta(text="Hello"), delta(text=", wörld"), BLOCK_STOP)
ENDING = (end(output_tokens=15), STOP)


def data_in(events: bytes, name: str) -> dict:
    """The data of the last event of this name."""
    found = [block for block in events.split(b"\n\n") if block.startswith(b"event: %b\n" % name.encode())]
    return json.loads(found[-1].partition(b"\ndata: ")[2])
