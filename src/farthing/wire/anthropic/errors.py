"""Errors as the Anthropic Messages API writes them: `{"type": "error", "error": {"type", "message"}}`.

The types by status are those of https://platform.claude.com/docs/en/api/errors.
"""

from typing import Any

from farthing.domain.refusal import Refusal
from farthing.wire.figures import figures, sentences
from farthing.wire.sse import event
from farthing.wire.strict import write

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def type_of(status: int) -> str:
    """The error type of an HTTP status; one without a type of its own counts with its class."""
    return _TYPES.get(status) or ("invalid_request_error" if status < 500 else "api_error")


def refusal(refusal: Refusal) -> bytes:
    """A refusal; its numbers stand beside `error`, where clients of this API keep what they do not know."""
    kind = "billing_error" if refusal.status in {400, 402} else type_of(refusal.status)
    return _body(kind, sentences(refusal), farthing=figures(refusal))


def error(*, status: int, message: str, code: str = "", field: str = "") -> bytes:
    """Any other error. Anthropic names the field in the message, so `field` goes there where the message lacks it."""
    named = message if not field or field in message else f"{field}: {message}"
    details = {key: value for key, value in (("code", code), ("field", field)) if value}
    return _body(type_of(status), named, **({"farthing": details} if details else {}))


def stream_error(*, message: str, code: str) -> bytes:
    """The event that ends a stream which must stop."""
    return event("error", _body("api_error", message, farthing={"code": code}))


def _body(kind: str, message: str, **more: Any) -> bytes:
    return write({"type": "error", "error": {"type": kind, "message": message}, **more})
