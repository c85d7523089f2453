"""The door of one wrapped client: which of its requests are calls, and what becomes of the others."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from farthing.call.arrival import Provider
from farthing.domain.errors import FarthingError
from farthing.sdk.awaiting import AsyncCall
from farthing.sdk.blocking import SyncCall
from farthing.sdk.calls import Request
from farthing.sdk.engine import MEMORY, local_engine, running, store_named
from farthing.sdk.errors import NO_BUDGET, RUN_ENDED, Misused
from farthing.sdk.http import as_own
from farthing.sdk.remote import is_address, is_loopback
from farthing.sdk.remote_door import to_gateway
from farthing.sdk.routes import Path, call_of, dialect_of, is_free
from farthing.sdk.scope import RUN, STORE, Scope, check_process, current, inherited

ERROR = "farthing"
"""Where an answer of ours carries the error that it stands for."""


class Terms(NamedTuple):
    """What a client was wrapped with."""

    require_budget: bool = False
    scope: Scope | None = None
    """Where no budget is in scope (in a thread of its own, a callback), calls go to this one."""


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

    def __init__(self, inner: Any, module: Any, format: str, terms: Terms) -> None:
        self.inner = inner
        self._module = module
        self._format = format
        self._terms = terms

    def handle(self, request: Any) -> Any:
        """A blocking client's request."""
        try:
            scope = self._scope()
            path = call_of(self._format, request.method, request.url.path)
            refusal = self._refused(request, path, scope)
            if refusal is not None:
                return refusal
            store = store_of(scope)
            if is_address(store):
                request.read()
                return self.inner.send(self._redirected(store, request, path, scope), stream=True)
            if path is None:
                return self.inner.send(as_own(self.inner, request), stream=True)
            asked = self._asked(path, request, scope)
            request.read()
            return SyncCall(self.inner, self._module, request).begin(local_engine(store), asked(request.content))
        except FarthingError as error:
            return self._surface(request, error)

    async def handle_async(self, request: Any) -> Any:
        """The same for an asynchronous one."""
        try:
            scope = self._scope()
            path = call_of(self._format, request.method, request.url.path)
            refusal = self._refused(request, path, scope)
            if refusal is not None:
                return refusal
            store = store_of(scope)
            if is_address(store):
                await request.aread()
                return await self.inner.send(self._redirected(store, request, path, scope), stream=True)
            if path is None:
                return await self.inner.send(as_own(self.inner, request), stream=True)
            asked = self._asked(path, request, scope)
            await request.aread()
            engine = running(store)
            if engine is None:
                engine = await asyncio.to_thread(local_engine, store)
            return await AsyncCall(self.inner, self._module, request).begin(engine, asked(request.content))
        except FarthingError as error:
            return self._surface(request, error)

    def _scope(self) -> Scope | None:
        """The budgets that this request is charged to. Raises Misused where they cannot be spent from here."""
        scope = current.get() or self._terms.scope
        check_process(scope)
        return scope

    def _refused(self, request: Any, path: Path | None, scope: Scope | None) -> Any:
        """The answer to what may not be sent; None for what may."""
        if path is None:
            return None if is_free(request.method, request.url.path) else self._not_governed(request)
        if scope is not None and scope.ended:
            message = f"the block of the budget {scope.ended!r} is over, and so is what may be asked in its name"
            return self._say(request, 402, RUN_ENDED, message)
        if scope is None and self._terms.require_budget:
            message = 'no budget is in scope: put the call into `with farthing.budget("$1"):`'
            return self._say(request, 402, NO_BUDGET, message)
        if scope is None and is_astray(request.url.host):
            return self._surface(
                request,
                Misused(
                    f"{RUN} says that this process belongs to a run, and not where its budget is counted: "
                    f"set {STORE} too, as `run.environ` does"
                ),
            )
        return None

    def _asked(self, path: Path, request: Any, scope: Scope | None) -> Callable[[bytes], Request]:
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
        labels = inherited() if scope is None else scope.labels
        return lambda body: Request(path, provider, url.query.decode("ascii"), headers, body, labels)

    def _redirected(self, store: str, request: Any, path: Path | None, scope: Scope | None) -> Any:
        labels = inherited() if scope is None else scope.labels
        return to_gateway(self.inner, request, store, self._format, path, labels)

    def _not_governed(self, request: Any) -> Any:
        message = (
            f"{request.method} {request.url.path} may cost money that Farthing does not count yet, so it was not sent; "
            "use the client that was not wrapped for it"
        )
        return self._say(request, 400, "not_governed", message)

    def _surface(self, request: Any, error: FarthingError) -> Any:
        """An error of ours, raised as it is by the client (an exception here would be taken for a broken connection)."""
        answer = self._say(request, 400, "farthing", str(error))
        answer.extensions[ERROR] = error
        return answer

    def _say(self, request: Any, status: int, code: str, message: str) -> Any:
        body = msgspec.json.decode(dialect_of(self._format).error(status=status, message=message, code=code))
        told = {"code": code, "what_to_do": message}
        inner = body.get("error")
        (body if self._format == "anthropic" or not isinstance(inner, dict) else inner)["farthing"] = told
        headers = {"content-type": "application/json", "x-should-retry": "false"}
        content = msgspec.json.encode(body)
        return self._module.Response(status, headers=headers, content=content, request=request)


def store_of(scope: Scope | None) -> str:
    """Where a call is counted: where its budget is, whatever the environment says by now."""
    return store_named() if scope is None else scope.store


def is_astray(host: str) -> bool:
    """Whether this process was started in a run whose budget nobody would charge: no store is named, and the client does not
    go to a gateway on this machine, as under `farthing run`."""
    return bool(inherited()) and store_named() == MEMORY and not is_loopback(host)


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
