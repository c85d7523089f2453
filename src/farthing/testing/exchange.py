"""One request on its way through the routes: its key, its body, its model, and how it is answered or refused."""

import asyncio
from typing import Any

import msgspec

from farthing.testing.answer import Form
from farthing.testing.connection import Connection
from farthing.testing.errors import Rejected, anthropic_body, gemini_body, of_status, openai_body
from farthing.testing.faults import Fault
from farthing.testing.gemini import generate_at
from farthing.testing.script import Directive
from farthing.testing.simulation import Request, Simulation

FAULT_HEADER = "x-sim-fault"
_JSON = [(b"content-type", b"application/json")]


class Exchange:
    """One request on its way through the routes."""

    def __init__(self, connection: Connection, simulation: Simulation) -> None:
        self.connection = connection
        self.simulation = simulation
        self.maker = _maker(connection)
        self.request_id = simulation.new_id("req_")
        name = b"request-id" if self.maker == "anthropic" else b"x-request-id"
        self.headers = [(name, self.request_id.encode())]

    @property
    def key(self) -> str:
        headers = self.connection.headers
        return (
            headers.get("x-api-key")
            or headers.get("x-goog-api-key")
            or headers.get("authorization", "").removeprefix("Bearer ")
        )

    def authorize(self) -> None:
        keys = self.simulation.settings.keys
        if self.key and (not keys or self.key in keys):
            return
        if self.maker == "anthropic":
            message = "invalid x-api-key" if self.key else "x-api-key header is required"
            raise Rejected(message, status=401, kind="authentication_error")
        if self.maker == "gemini":
            raise _unknown_to_google(self.key)
        if not self.key:
            raise Rejected(
                "You didn't provide an API key. You need to provide your API key in an Authorization header using "
                "Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
                status=401,
            )
        shown = f"{self.key[:3]}***{self.key[-4:]}"
        raise Rejected(f"Incorrect API key provided: {shown}.", status=401, code="invalid_api_key")

    def not_found(self, message: str) -> Rejected:
        kind = "not_found_error" if self.maker == "anthropic" else "invalid_request_error"
        return Rejected(message, status=404, kind=kind)

    async def read(self, form: Form) -> dict[str, Any]:
        """Check the key and parse the body. Raises Rejected."""
        data = await self.connection.body(self.simulation.settings.largest_body)
        connection = self.connection
        self.simulation.requests.append(Request(connection.method, connection.path, connection.headers, data))
        self.authorize()
        if form.maker == "anthropic" and "anthropic-version" not in connection.headers:
            raise Rejected("anthropic-version: header is required")
        try:
            body = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Rejected(_unreadable(form.maker)) from error
        if not isinstance(body, dict):
            raise Rejected(_unreadable(form.maker))
        return body

    def check_model(self, name: str) -> None:
        models = self.simulation.settings.models
        if not name or not models or name.partition("@")[0] in models:
            return
        if self.maker == "anthropic":
            raise Rejected(f"model: {name}", status=404, kind="not_found_error")
        if self.maker == "gemini":
            raise Rejected(
                f"models/{name} is not found for API version v1beta, or is not supported for generateContent. Call "
                "ListModels to see the list of available models and their supported methods.",
                status=404,
            )
        raise Rejected(
            f"The model `{name}` does not exist or you do not have access to it.", status=404, code="model_not_found"
        )

    def named_fault(self, model: str, directive: Directive) -> str:
        """The fault that the request itself asks for: by header, by the model's name, or in its text."""
        return self.connection.headers.get(FAULT_HEADER, "") or model.partition("@")[2] or directive.fault

    async def reply(self, body: dict[str, Any] | bytes, status: int = 200) -> None:
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        await self.connection.whole(status, [*self.headers, *_JSON], data)

    async def refuse(self, error: Rejected) -> None:
        match self.maker:
            case "anthropic":
                body = anthropic_body(error, self.request_id)
            case "gemini":
                body = gemini_body(error)
            case _:
                body = openai_body(error)
        await self.reply(body, error.status)

    async def suffer(self, fault: Fault) -> bool:
        """A fault of an endpoint that bills nothing; True if it took the place of the answer."""
        match fault.kind:
            case "latency":
                await asyncio.sleep(fault.seconds)
                return self.connection.gone
            case "silence":
                await self.connection.until_gone()
                return True
            case "error":
                await self.refuse(of_status(self.maker, fault.status, fault.retry_after))
                return True
            case _:
                await self.connection.reset()
                return True


def _maker(connection: Connection) -> str:
    if connection.path.startswith("/v1beta/") or "x-goog-api-key" in connection.headers or generate_at(connection.path):
        return "gemini"
    is_anthropic = connection.path.startswith("/v1/messages") or "anthropic-version" in connection.headers
    return "anthropic" if is_anthropic else "openai"


def _unknown_to_google(key: str) -> Rejected:
    if key:
        return Rejected("API key not valid. Please pass a valid API key.", code="API_KEY_INVALID")
    return Rejected(
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form "
        "of API consumer identity to call this API.",
        status=403,
    )


def _unreadable(maker: str) -> str:
    if maker == "gemini":
        return "Invalid JSON payload received. Unexpected token."
    if maker == "anthropic":
        return "The request body is not valid JSON."
    return (
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
    )
