"""Errors as Google's APIs write them: `{"error": {"code", "message", "status", "details"}}`.

The words by status are those of https://cloud.google.com/apis/design/errors; `details` are typed, and a client that knows
`ErrorInfo` finds our code and numbers there as strings. The same numbers stand under `farthing`, as in every dialect.
"""

from typing import Any

from farthing.domain.refusal import Refusal
from farthing.wire.figures import figures, sentences
from farthing.wire.sse import event
from farthing.wire.strict import write

_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_TYPE = "type.googleapis.com/google.rpc."


def status_of(status: int) -> str:
    """Google's word for an HTTP status; one without a word of its own counts with its class."""
    return _WORDS.get(status) or ("INVALID_ARGUMENT" if status < 500 else "INTERNAL")


def refusal(refusal: Refusal) -> bytes:
    """A refusal, with its numbers; a rate that reopens says when, where Google's clients look for it."""
    known = figures(refusal)
    details = [_info(refusal.code, {name: value for name, value in known.items() if type(value) is str})]
    if refusal.retry_after_seconds is not None:
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{refusal.retry_after_seconds}s"})
    word = "RESOURCE_EXHAUSTED" if refusal.status == 400 else status_of(refusal.status)
    return _body(refusal.status, sentences(refusal), word, details, farthing=known)


def error(*, status: int, message: str, code: str = "", field: str = "") -> bytes:
    """Any other error. A field at fault is told as Google tells it."""
    details = [_info(code, {})] if code else []
    if field:
        violation = {"field": field, "description": message}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    return _body(status, message, status_of(status), details)


def stream_error(*, message: str, code: str) -> bytes:
    """The event that ends a stream which must stop: Google's clients raise it."""
    return event(None, _body(500, message, "INTERNAL", [_info(code, {})]))


def _info(code: str, numbers: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in numbers.items() if name != "code"}
    return {"@type": f"{_TYPE}ErrorInfo", "reason": code.upper(), "domain": "farthing", "metadata": told}


def _body(status: int, message: str, word: str, details: list[dict[str, Any]], **more: Any) -> bytes:
    shown = {"details": details} if details else {}
    return write({"error": {"code": status, "message": message, "status": word, **shown, **more}})
