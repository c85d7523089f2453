"""The end of a Responses stream that must stop. Other errors are as in all of OpenAI's dialects."""

from farthing.wire.sse import event
from farthing.wire.strict import write


def stream_error(*, message: str, code: str) -> bytes:
    """Two events, because clients listen for different ones: OpenAI's libraries raise on `error`, while Codex ignores it
    and would send the whole request again, unless `response.failed` says `insufficient_quota`."""
    error = {"message": message, "type": "insufficient_quota", "code": code, "param": None}
    first = {"type": "error", "code": code, "message": message, "param": None, "sequence_number": 0, "error": error}
    then = {"type": "response.failed", "sequence_number": 1, "response": _failed(message)}
    return event("error", write(first)) + event("response.failed", write(then))


def _failed(message: str) -> dict[str, object]:
    return {
        "id": "",
        "object": "response",
        "created_at": 0,
        "status": "failed",
        "error": {"code": "insufficient_quota", "message": message},
        "incomplete_details": None,
        "model": "",
        "output": [],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": None,
    }
