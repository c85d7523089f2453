"""The errors of the real APIs: one exception inside, each maker's own body outside."""

from typing import Any


class Rejected(Exception):
    """The provider refuses a request. `kind` is the error's type in the maker's words, `param` the field at fault."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.param = param
        self.code = code
        self.retry_after = retry_after


def openai_body(error: Rejected) -> dict[str, Any]:
    return {"error": {"message": error.message, "type": error.kind, "param": error.param, "code": error.code}}


def anthropic_body(error: Rejected, request_id: str) -> dict[str, Any]:
    told: dict[str, Any] = {"type": error.kind, "message": error.message}
    if error.code is not None:
        told["details"] = {"error_code": error.code}
    return {"type": "error", "error": told, "request_id": request_id}


def gemini_body(error: Rejected) -> dict[str, Any]:
    """Google's words for the kind of an error follow from its status."""
    body = {"code": error.status, "message": error.message, "status": _GEMINI.get(error.status, ("UNKNOWN", ""))[0]}
    if error.code is not None:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": error.code, "domain": "googleapis.com"}
        body["details"] = [info]
    return {"error": body}


_OPENAI = {
    400: ("invalid_request_error", None, "Invalid request."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    404: ("invalid_request_error", None, "Not found."),
    413: ("invalid_request_error", None, "Request body too large."),
    429: (
        "requests",
        "rate_limit_exceeded",
        "Rate limit reached for requests. Limit: 3 / min. Please try again in 20s.",
    ),
    500: ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
    503: ("server_error", None, "The engine is currently overloaded, please try again later"),
}
_ANTHROPIC = {
    400: ("invalid_request_error", "Invalid request."),
    401: ("authentication_error", "invalid x-api-key"),
    403: ("permission_error", "Your API key does not have permission to use the specified resource."),
    404: ("not_found_error", "Not found"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your organization's rate limit."),
    500: ("api_error", "Internal server error"),
    503: ("api_error", "Service unavailable"),
    529: ("overloaded_error", "Overloaded"),
}

_GEMINI = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
    403: ("PERMISSION_DENIED", "The caller does not have permission"),
    404: ("NOT_FOUND", "Requested entity was not found."),
    408: ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
    413: ("INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."),
    429: ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    500: ("INTERNAL", "An internal error has occurred."),
    502: ("UNAVAILABLE", "Bad gateway."),
    503: ("UNAVAILABLE", "The model is overloaded. Please try again later."),
}


def of_status(maker: str, status: int, retry_after: str | None = None) -> Rejected:
    """The error a maker sends with this status, in its own words."""
    if maker == "anthropic":
        kind, message = _ANTHROPIC.get(status, ("api_error", "Internal server error"))
        return Rejected(message, status=status, kind=kind, retry_after=retry_after)
    if maker == "gemini":
        kind, message = _GEMINI.get(status, _GEMINI[500])
        return Rejected(message, status=status, kind=kind, retry_after=retry_after)
    kind, code, message = _OPENAI.get(status, ("server_error", None, "The server had an error."))
    return Rejected(message, status=status, kind=kind, code=code, retry_after=retry_after)
