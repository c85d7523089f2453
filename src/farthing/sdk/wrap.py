"""Wrapping clients: a copy of the client around its own HTTP, every call of which is held and settled.

Two private names of the clients are used, each guarded by tests on every generation: `_client` (its HTTP) and
`_make_status_error` (what it raises for a refusal).
"""

import functools
import sys
from functools import cache
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from farthing.domain.errors import FarthingError
from farthing.sdk.door import ERROR, Door, Terms, guard
from farthing.sdk.errors import Misused, Refused, code_in, describe, kind_of
from farthing.sdk.run import Run

Client = TypeVar("Client")

FORMATS = {"openai": "openai", "anthropic": "anthropic"}
"""The dialect that the clients of a package speak."""
_GENERATIONS = ("httpx", "httpx2")
MAKES_ERRORS = "_make_status_error"
_MARK = "__farthing__"
_inner_of: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""Our HTTP, and the client's own behind it."""
_NOWHERE = "wss://websockets-are-not-counted-so-use-the-unwrapped-client.invalid"


def wrap(client: Client, *, run: Run | None = None, require_budget: bool = False) -> Client:
    """A copy of an OpenAI or Anthropic client, blocking or asynchronous, whose calls are charged to the budgets in scope.

    The copy goes through the client's own HTTP, so its proxies, TLS, timeouts and retries stay; the client itself is not
    changed. A call that a budget cannot pay for raises `BudgetExceeded` before anything is sent, once. Wrapping a copy
    again changes nothing.

    A thread that was started without its context has no budget in scope, and its calls are charged to none. With `run`
    they are charged to that budget; with `require_budget` they raise `NoBudget`.

    Raises Misused for anything that is not one of these clients.
    """
    if hasattr(type(client), _MARK):
        if run is not None:
            raise Misused("this client is wrapped already; wrap the client that it was made of to give it a run")
        return client
    dialect = _format_of(client)
    http = guarded_http(client, dialect, Terms(require_budget, None if run is None else run.scope))
    copy = client.copy(http_client=http, **_sockets(client))  # type: ignore[attr-defined]  # every client of these packages has it
    copy.__class__ = wrapped_class(cast("Any", type(client)))
    return copy  # type: ignore[no-any-return]


def guarded_http(client: Any, dialect: str, terms: Terms) -> Any:
    """HTTP of the same generation that goes through the door, and from there through the client's own. Raises Misused."""
    http: Any = getattr(client, "_client", None)
    module, asynchronous = _httpx_of(http)
    inner = unguarded(http)
    door = Door(inner, module, dialect, terms)
    kind = module.AsyncClient if asynchronous else module.Client
    made = kind(transport=guard(module, door, asynchronous=asynchronous), timeout=inner.timeout, trust_env=False)
    _inner_of[made] = inner
    return made


def unguarded(http: Any) -> Any:
    """The client's own HTTP behind ours; the same where it is none of ours."""
    return _inner_of.get(http, http)


def is_guarded(http: object) -> bool:
    """Whether requests through it go through the door already."""
    return http in _inner_of


def _sockets(client: Any) -> dict[str, str]:
    """WebSockets (`client.realtime`) pass by every HTTP: a wrapped client has nowhere to open one."""
    return {"websocket_base_url": _NOWHERE} if hasattr(client, "websocket_base_url") else {}


@cache
def wrapped_class(kind: Any) -> type:
    """The class of a wrapped client; copies that it makes of itself are wrapped too. One base and nothing new in its
    layout, or a client could not become one."""

    made = {MAKES_ERRORS: translated(kind._make_status_error), _MARK: True, "__module__": kind.__module__}  # noqa: SLF001 - see above
    return type(kind.__name__, (kind,), made)


def translated(make_error: Any) -> Any:
    """A client's own way to make errors, refusals of ours made our own exceptions too."""

    @functools.wraps(make_error)
    def _make_status_error(self: Any, message: str, *, body: object, response: Any) -> Exception:
        error = response.extensions.get(ERROR)
        if error is not None:
            return cast("Exception", error)
        return _ours(make_error(self, message, body=body, response=response), body, response)

    return _make_status_error


def _ours(made: Exception, body: object, response: Any) -> Exception:
    """What the client would raise, or, where that is a refusal of ours, the same as one of our exceptions."""
    code = code_in(body)
    if not code or isinstance(made, FarthingError):
        return made
    refused: Exception = _refusal_of(cast("Any", kind_of(code)), cast("Any", type(made)))(
        str(made), response=response, body=body
    )
    assert isinstance(refused, Refused)
    describe(refused, body)
    return refused


@cache
def _refusal_of(ours: Any, theirs: Any) -> Any:
    """One of our exceptions that is also the client's own, whoever catches it by which name."""
    return type(ours.__name__, (ours, theirs), {"__module__": "farthing"})


def _format_of(client: object) -> str:
    for kind in type(client).__mro__:
        found = FORMATS.get(kind.__module__.partition(".")[0])
        if found is not None and hasattr(client, "copy"):
            return found
    raise Misused(
        f"farthing.wrap() takes OpenAI, AsyncOpenAI, Anthropic and AsyncAnthropic clients, not {type(client).__name__}; "
        "for anything else set its base URL to a gateway (`farthing serve`), or run the program under `farthing run`"
    )


def _httpx_of(http: object) -> tuple[Any, bool]:
    """The httpx that a client's HTTP is of, and whether it is asynchronous."""
    for kind in type(http).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in _GENERATIONS and kind.__name__ in {"Client", "AsyncClient"}:
            return sys.modules[package], kind.__name__ == "AsyncClient"
    raise Misused(
        f"this client's HTTP is {type(http).__name__}, of neither httpx nor httpx2: give it one of theirs, or none at all"
    )
