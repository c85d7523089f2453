"""OpenAI Responses on the wire, as the API sends it: whole answers and event streams."""

from support.messages_wire import compact, event

USAGE = {
    "input_tokens": 2000,
    "input_tokens_details": {"cached_tokens": 1500, "cache_write_tokens": 300},
    "output_tokens": 400,
    "output_tokens_details": {"reasoning_tokens": 256},
    "total_tokens": 2400,
}

MESSAGE = {
    "id": "msg_67",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Hello, wörld", "annotations": []}],
}


def asked(**fields) -> bytes:
    """A small request body, with these fields over the usual ones. A field that is None is left out."""
    body = {"model": "gpt-5.2", "max_output_tokens": 1024, "input": "Hello", **fields}
    return compact({key: value for key, value in body.items() if value is not None})


def response(usage=USAGE, **fields) -> dict:
    return {
        "id": "resp_67",
        "object": "response",
        "created_at": 1741476542,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": "gpt-5.2-2025-12-11",
        "output": [MESSAGE],
        "parallel_tool_calls": True,
        "service_tier": "default",
        "tool_choice": "auto",
        "tools": [],
        "usage": usage,
        **fields,
    }


def whole(usage=USAGE, **fields) -> bytes:
    return compact(response(usage, **fields))


def numbered(name: str, **fields) -> bytes:
    return event(name, {"type": name, "sequence_number": 1, **fields})


def delta(text: str, kind: str = "output_text") -> bytes:
    return numbered(f"response.{kind}.delta", item_id="msg_67", output_index=0, delta=text, obfuscation="x8Kd2")


def begun(name: str = "response.created") -> bytes:
    return numbered(name, response=response(None, status="in_progress", output=[]))


def end(status: str = "completed", usage=USAGE, **fields) -> bytes:
    return numbered(f"response.{status}", response=response(usage, status=status, **fields))


OPENING = (
    begun(),
    begun("response.in_progress"),
    numbered("response.output_item.added", output_index=0, item={**MESSAGE, "content": [], "status": "in_progress"}),
    delta("Hello"),
    delta(", wörld"),
    numbered("response.output_text.done", item_id="msg_67", output_index=0, content_index=0, text="Hello, wörld"),
    numbered("response.output_item.done", output_index=0, item=MESSAGE),
)
COMPLETED = end()
ERROR = (
    b'event: error\ndata: {"type":"error","code":"server_error","message":"oops","param":null,"sequence_number":9}\n\n'
)

CODEX = {
    "model": "gpt-5.3-codex",
    "instructions": "You are Codex, a coding agent. " * 400,
    "input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "<permissions>"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "fix the test"}]},
        {"type": "reasoning", "summary": [], "content": None, "encrypted_content": "gAAAAABo" * 40},
        {
            "type": "local_shell_call",
            "call_id": "c0",
            "status": "completed",
            "action": {"type": "exec", "command": ["ls"]},
        },
        {"type": "function_call", "name": "shell_command", "arguments": '{"command":"ls"}', "call_id": "c1"},
        {"type": "function_call_output", "call_id": "c1", "output": "src\ntests\n"},
        {
            "type": "custom_tool_call",
            "name": "apply_patch",
            "input": "*** Begin Patch",
            "call_id": "c2",
            "status": "completed",
        },
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "Done!"},
    ],
    "tools": [
        {"type": "function", "name": "shell_command", "strict": False, "parameters": {"type": "object"}},
        {"type": "local_shell"},
        {
            "type": "custom",
            "name": "apply_patch",
            "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"},
        },
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "0199a213-81c0-7800-8aa1-bbab2a035a53",
    "text": {"verbosity": "low"},
    "client_metadata": {"x-codex-installation-id": "1"},
}
"""As Codex sends it."""
