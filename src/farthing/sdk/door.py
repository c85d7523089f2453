"""The door of one wrapped client: which of its requests are calls, and what becomes of the others."""

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from farthing.call.arrival import Provider
from farthing.domain.errors import FarthingError
from farthing.pricing.regions import REGIONAL, WHY, is_regional
from farthing.sdk.awaiting import AsyncCall
from farthing.sdk.blocking import SyncCall
from farthing.sdk.calls import Request
from farthing.sdk.engine import MEMORY, engine_of, local_engine, running, store_named
from farthing.sdk.errors import NO_BUDGET, RUN_ENDED, Misused
from farthing.sdk.fetched import fetched_by, heard, heard_async, plainly
from farthing.sdk.http import lowered, origin_of
from farthing.sdk.loops import here
from farthing.sdk.remote_ask import is_address, is_loopback
from farthing.sdk.remote_door import sent, sent_async, to_gateway
from farthing.sdk.routes import Path, call_of, dialect_of, is_free
from farthing.sdk.scope import RUN, STORE, Scope, check_process, current, inherited

log = logging.getLogger("farthing.sdk")

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
_MOST_PROVIDERS = 256
_SIGNED = "AWS4-"
"""How Amazon's signature of a request begins, in its `Authorization`."""
_UNWRAPPED = "use the client that was not wrapped for it"


class Door:
    """What a client's requests go through. `inner` is the client's own HTTP; `module` the httpx it is of."""

    def __init__(self, inner: Any, module: Any, format: str, terms: Terms) -> None:
        self.inner = inner
        self._module = module
        self._format = format
        self._terms = terms

    def handle(self, request: Any, *, stream: bool, **how: Any) -> Any:
        """A blocking client's request. `stream` and `how` are what its own HTTP is told beside it."""
        self._check_open()
        try:
            scope = self._scope()
            path = call_of(self._format, request.method, request.url.path)
            refusal = self._refused(request, path, scope)
            if refusal is not None:
                return refusal
            store = store_of(scope)
            if is_address(store):
                request.read()
                return sent(self.inner, self._redirected(store, request, path, scope), store, stream=stream, **how)
            if path is None:
                return self._pass(request, store, stream=stream, **how)
            asked = self._asked(path, request, scope)
            request.read()
            call = SyncCall(self.inner, self._module, request, **how)
            return call.begin(engine_of(scope, store), asked(request.content))
        except FarthingError as error:
            return self._surface(request, error)

    async def handle_async(self, request: Any, *, stream: bool, **how: Any) -> Any:
        """The same for an asynchronous one."""
        self._check_open()
        try:
            scope = self._scope()
            path = call_of(self._format, request.method, request.url.path)
            refusal = self._refused(request, path, scope)
            if refusal is not None:
                return refusal
            store = store_of(scope)
            if is_address(store):
                await request.aread()
                redirected = self._redirected(store, request, path, scope)
                return await sent_async(self.inner, redirected, store, stream=stream, **how)
            if path is None:
                return await self._pass_async(request, store, stream=stream, **how)
            asked = self._asked(path, request, scope)
            await request.aread()
            engine = running(store) if scope is None or scope.home is None else engine_of(scope, store)
            if engine is None:
                engine = await here().in_thread(lambda: local_engine(store))
            call = AsyncCall(self.inner, self._module, request, **how)
            return await call.begin(engine, asked(request.content))
        except FarthingError as error:
            return self._surface(request, error)

    def _check_open(self) -> None:
        if self.inner.is_closed:  # or money would be set aside for what cannot be sent
            raise RuntimeError("Cannot send a request, as the client has been closed.")

    def _pass(self, request: Any, store: str, **how: Any) -> Any:
        """What costs nothing, as it is; an answer that is fetched may tell what an earlier call has cost."""
        if self._format != "openai" or not fetched_by(request):
            return self.inner.send(request, **how)
        return heard(self.inner.send(plainly(request), **{**how, "stream": True}), self._module, store)

    async def _pass_async(self, request: Any, store: str, **how: Any) -> Any:
        if self._format != "openai" or not fetched_by(request):
            return await self.inner.send(request, **how)
        answer = await self.inner.send(plainly(request), **{**how, "stream": True})
        return await heard_async(answer, self._module, store)

    def _scope(self) -> Scope | None:
        """The budgets that this request is charged to. Raises Misused where they cannot be spent from here."""
        scope = current.get() or self._terms.scope
        check_process(scope)
        return scope

    def _refused(self, request: Any, path: Path | None, scope: Scope | None) -> Any:
        """The answer to what may not be sent; None for what may."""
        if path is None:
            name = name_of(request.url.host, self._format)
            return None if is_free(request.method, request.url.path, name) else self._not_governed(request)
        if _SIGNED in request.headers.get("authorization", ""):
            message = "this request is signed with its body, which Farthing may have to change, so it was not sent"
            return self._say(request, 400, "not_governed", f"{message}; {_UNWRAPPED}")
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
        provider = _provider(name_of(url.host, self._format), self._format, origin_of(url), path.base)
        headers = lowered(request.headers.raw)
        labels = inherited() if scope is None else scope.labels
        return lambda body: Request(path, provider, url.query.decode("ascii"), headers, body, labels)

    def _redirected(self, store: str, request: Any, path: Path | None, scope: Scope | None) -> Any:
        labels = inherited() if scope is None else scope.labels
        return to_gateway(self.inner, request, store, self._format, path, labels)

    def _not_governed(self, request: Any) -> Any:
        message = (
            f"{request.method} {request.url.path} may cost money that Farthing does not count yet, so it was not sent; "
            f"{_UNWRAPPED}"
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


@lru_cache(_MOST_PROVIDERS)
def _provider(name: str, format: str, origin: str, base: str) -> Provider:
    """Where a client goes, as the engine knows it. The client has retries of its own, and each is a call with its own hold."""
    return Provider(name=name, format=format, origin=origin, base_path=base, retries=0)


def store_of(scope: Scope | None) -> str:
    """Where a call is counted: where its budget is, whatever the environment says by now."""
    return store_named() if scope is None else scope.store


def is_astray(host: str) -> bool:
    """Whether this process was started in a run whose budget nobody would charge: no store is named, and the client does not
    go to a gateway on this machine, as under `farthing run`."""
    return bool(inherited()) and store_named() == MEMORY and not is_loopback(host)


def name_of(host: str, format: str) -> str:
    """What the price book calls the provider at this host; the dialect's maker where it lists none."""
    if is_regional(host):
        say_regional(host)
        return REGIONAL
    return "azure" if host.endswith(_AZURE) else _NAMES.get(host, format)


@lru_cache(_MOST_PROVIDERS)
def say_regional(host: str) -> None:
    """Say of an address, once, that the book's prices do not hold there."""
    log.warning(
        "%s is regional. %s: only models that [[prices]] of the configuration name have a price there, and budgets in "
        "dollars refuse all others",
        host,
        WHY,
    )
