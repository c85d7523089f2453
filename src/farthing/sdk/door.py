"""The door of one wrapped client: which of its requests are calls, and what becomes of the others."""

from typing import Any

import msgspec

from farthing.call.arrival import Provider
from farthing.sdk.awaiting import AsyncCall
from farthing.sdk.blocking import SyncCall
from farthing.sdk.calls import Request
from farthing.sdk.engine import local_engine
from farthing.sdk.errors import NO_BUDGET
from farthing.sdk.routes import Path, call_of, dialect_of, is_free
from farthing.sdk.scope import check_process, current, labels_here

_NAMES = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "api.groq.com": "groq",
    "api.deepseek.com": "deepseek",
    "api.mistral.ai": "mistral",
    "api.x.ai": "x-ai",
    "openrouter.ai": "openrouter",
    "api.together.xyz": "together",
    "api.fireworks.ai": "fireworks",
}
"""Hosts whose prices the book lists under a name of their own."""
_AZURE = ".openai.azure.com"


class Door:
    """What a client's requests go through. `inner` is the client's own HTTP; `module` the httpx it is of."""

    def __init__(self, inner: Any, module: Any, format: str, *, require_budget: bool) -> None:
        self.inner = inner
        self._module = module
        self._format = format
        self._require_budget = require_budget

    def handle(self, request: Any) -> Any:
        """A blocking client's request."""
        path = call_of(self._format, request.method, request.url.path)
        if path is None:
            return self._other(request) or self.inner.send(request, stream=True)
        refusal = self._refusal()
        if refusal is not None:
            return self._say(request, 402, NO_BUDGET, refusal)
        request.read()
        return SyncCall(self.inner, self._module, request).begin(local_engine(), self._asked(path, request))

    async def handle_async(self, request: Any) -> Any:
        """The same for an asynchronous one."""
        path = call_of(self._format, request.method, request.url.path)
        if path is None:
            return self._other(request) or await self.inner.send(request, stream=True)
        refusal = self._refusal()
        if refusal is not None:
            return self._say(request, 402, NO_BUDGET, refusal)
        await request.aread()
        return await AsyncCall(self.inner, self._module, request).begin(local_engine(), self._asked(path, request))

    def _asked(self, path: Path, request: Any) -> Request:
        check_process()
        url = request.url
        port = f":{url.port}" if url.port else ""
        provider = Provider(
            name=name_of(url.host, self._format),
            format=self._format,
            origin=f"{url.scheme}://{url.host}{port}",
            base_path=path.base,
            retries=0,  # the client has retries of its own, and each is a call with a hold of its own
        )
        headers = tuple((name.lower(), value) for name, value in request.headers.raw)
        query = url.query.decode("ascii")
        return Request(path, provider, query, headers, request.content, labels_here())

    def _refusal(self) -> str | None:
        if self._require_budget and current.get() is None:
            return 'no budget is in scope: put the call into `with farthing.budget("$1"):`'
        return None

    def _other(self, request: Any) -> Any:
        """The answer to what is no call: None where it may go on, being free."""
        if is_free(request.method, request.url.path):
            return None
        message = (
            f"{request.method} {request.url.path} may cost money that Farthing does not count yet, so it was not sent; "
            "use the client that was not wrapped for it"
        )
        return self._say(request, 400, "not_governed", message)

    def _say(self, request: Any, status: int, code: str, message: str) -> Any:
        body = msgspec.json.decode(dialect_of(self._format).error(status=status, message=message, code=code))
        told = {"code": code, "what_to_do": message}
        inner = body.get("error")
        (body if self._format == "anthropic" or not isinstance(inner, dict) else inner)["farthing"] = told
        headers = {"content-type": "application/json", "x-should-retry": "false"}
        content = msgspec.json.encode(body)
        return self._module.Response(status, headers=headers, content=content, request=request)


def name_of(host: str, format: str) -> str:
    """What the price book calls the provider at this host; the dialect's maker where it lists none."""
    return "azure" if host.endswith(_AZURE) else _NAMES.get(host, format)


def guard(module: Any, door: Door, *, asynchronous: bool) -> Any:
    """A transport of this httpx that goes through the door."""
    if asynchronous:

        class AsyncGuard(module.AsyncBaseTransport):  # type: ignore[misc]  # httpx or httpx2, whichever the client uses
            async def handle_async_request(self, request: Any) -> Any:
                return await door.handle_async(request)

            async def aclose(self) -> None:
                await door.inner.aclose()

        return AsyncGuard()

    class SyncGuard(module.BaseTransport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            return door.handle(request)

        def close(self) -> None:
            door.inner.close()

    return SyncGuard()
