"""Error bodies as OpenAI's clients expect them: shared by Chat Completions, Responses and embeddings.

The types by status are those of https://platform.openai.com/docs/guides/error-codes.
"""

from farthing.domain.refusal import Refusal
from farthing.wire.figures import figures, sentences
from farthing.wire.sse import event
from farthing.wire.strict import write

_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_exceeded",
}


def refusal_body(refusal: Refusal) -> bytes:
    """A refusal. Its type is `insufficient_quota` whatever its status, except for rates that reopen (429)."""
    kind = "rate_limit_exceeded" if refusal.status == 429 else "insufficient_quota"
    error = _error(sentences(refusal), kind, refusal.code, refusal.field)
    return write({"error": {**error, "farthing": figures(refusal)}})


def error_body(*, status: int, message: str, code: str = "", field: str = "") -> bytes:
    """Any other error, typed by its HTTP status."""
    return write({"error": _error(message, _type_of(status), code, field)})


def stream_error_event(*, message: str, code: str) -> bytes:
    """The error that ends a Chat Completions stream: clients raise it and stop reading, so no `[DONE]` follows."""
    kind = "insufficient_quota" if code.startswith("budget_") else "server_error"
    return event(None, write({"error": _error(message, kind, code, "")}))


def _error(message: str, kind: str, code: str, field: str) -> dict[str, object]:
    return {"message": message, "type": kind, "code": code or None, "param": field or None}


def _type_of(status: int) -> str:
    return _TYPES.get(status) or ("server_error" if status >= 500 else "invalid_request_error")


def kind_of(error: object) -> str:
    """The type (else the code) of the `error` in a provider's answer; "" where there is none. Never its message."""
    if not error:
        return ""
    if type(error) is dict:
        for word in (error.get("type"), error.get("code")):
            if word and type(word) in {str, int}:
                return str(word)
    return "error"
