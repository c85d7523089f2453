"""Wrapping clients: a copy of the client around its own HTTP, every call of which is held and settled.

Two private names of the clients are used, each guarded by tests on every generation: `_client` (its HTTP) and
`_make_status_error` (what it raises for a refusal).
"""

import functools
import sys
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast
from weakref import WeakKeyDictionary

from farthing.domain.errors import FarthingError
from farthing.pricing.regions import is_regional
from farthing.sdk.door import ERROR, Door, Terms, say_regional
from farthing.sdk.errors import Misused, Refused, code_in, describe, kind_of, message_in
from farthing.sdk.guarded import guarded
from farthing.sdk.scope import Scoped

Client = TypeVar("Client")

FORMATS = {"openai": "openai", "anthropic": "anthropic"}
"""The dialect that the clients of a package speak."""
_GENERATIONS = ("httpx", "httpx2")
MAKES_ERRORS = "_make_status_error"
_MARK = "__farthing__"
ELSEWHERE = ("AnthropicBedrock", "AnthropicBedrockMantle", "AnthropicVertex", "AnthropicGoogleCloud", "BedrockOpenAI")
"""Clients of the same packages, and of the same names after `Async`, whose requests carry the model in their path or are
signed with their body: those are not understood here."""
_NOWHERE = "wss://websockets-are-not-counted-so-use-the-unwrapped-client.invalid"


def wrap(client: Client, *, run: Scoped | None = None, require_budget: bool = False) -> Client:
    """A copy of an OpenAI or Anthropic client, blocking or asynchronous, whose calls are charged to the budgets in scope.

    The copy goes through the client's own HTTP, so its proxies, TLS, timeouts and retries stay; the client itself is not
    changed. A call that a budget cannot pay for raises `BudgetExceeded` before anything is sent, once. Wrapping a copy
    again changes nothing, and copies that it makes of itself are wrapped as it is, whatever HTTP they are given.

    A thread that was started without its context has no budget in scope, and its calls are charged to none. With `run`
    they are charged to that budget; with `require_budget` they raise `NoBudget`.

    Raises Misused for anything that is not one of these clients.
    """
    if hasattr(type(client), _MARK):
        return _again(client, run, require_budget=require_budget)
    dialect = _format_of(client)
    terms = Terms(require_budget, None if run is None else run.scope)
    copy: Any = cast("Any", client).copy(http_client=guarded_http(_http_of(client), dialect, terms))
    copy.__class__ = wrapped_class(cast("Any", type(client)))
    close_sockets(copy)
    if is_regional(copy.base_url.host):
        say_regional(copy.base_url.host)
    return copy  # type: ignore[no-any-return]


class _Guard(NamedTuple):
    """What our HTTP was made of."""

    inner: Any
    """The client's own."""
    dialect: str
    terms: Terms


_guards: WeakKeyDictionary[Any, _Guard] = WeakKeyDictionary()
"""Every HTTP of ours."""


def guarded_http(http: Any, dialect: str, terms: Terms) -> Any:
    """HTTP of the same generation that goes through the door, and from there through the client's own. Raises Misused."""
    module, asynchronous = _httpx_of(http)
    inner = unguarded(http)
    made = guarded(module, Door(inner, module, dialect, terms), asynchronous=asynchronous)
    _guards[made] = _Guard(inner, dialect, terms)
    return made


def unguarded(http: Any) -> Any:
    """The client's own HTTP behind ours; the same where it is none of ours."""
    known = _guards.get(http)
    return http if known is None else known.inner


def is_guarded(http: object) -> bool:
    """Whether requests through it go through the door already."""
    return http in _guards


def close_sockets(client: Any) -> None:
    """WebSockets (`client.realtime`, `client.responses.connect`) pass by every HTTP: such a client has nowhere to open one."""
    if hasattr(client, "websocket_base_url"):
        client.websocket_base_url = _NOWHERE


def _again(client: Client, run: Scoped | None, *, require_budget: bool) -> Client:
    """A client that is wrapped already, as long as nothing else is asked of it than it was wrapped with."""
    terms = _guards[_http_of(client)].terms
    if run is not None:
        raise Misused("this client is wrapped already; wrap the client that it was made of to give it a run")
    if require_budget and not terms.require_budget:
        raise Misused(
            "this client is wrapped already, and lets calls go that have no budget; wrap the client that it was made of"
        )
    return client


@cache
def wrapped_class(kind: Any) -> type:
    """The class of a wrapped client; copies that it makes of itself are wrapped too. One base and nothing new in its
    layout, or a client could not become one."""

    copies = _staying_wrapped(kind.copy)
    makes_errors = translated(getattr(kind, MAKES_ERRORS))
    own = {
        "copy": copies,
        "with_options": copies,
        MAKES_ERRORS: makes_errors,
        _MARK: True,
        "__module__": kind.__module__,
    }
    return type(kind.__name__, (kind,), own)


def _staying_wrapped(copies: Any) -> Any:
    """A client's own way to copy itself, through the door also where the copy is given another HTTP."""

    @functools.wraps(copies)
    def copy(self: Any, **options: Any) -> Any:
        http = options.get("http_client")
        if http is not None and not is_guarded(http):
            known = _guards[_http_of(self)]
            options["http_client"] = guarded_http(http, known.dialect, known.terms)
        made = copies(self, **options)
        close_sockets(made)
        return made

    return copy


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
        message_in(body) or str(made), response=response, body=body
    )
    assert isinstance(refused, Refused)
    describe(refused, body)
    return refused


@cache
def _refusal_of(ours: Any, theirs: Any) -> Any:
    """One of our exceptions that is also the client's own, whoever catches it by which name."""

    def reduced(error: Exception) -> tuple[Any, tuple[str], dict[str, object]]:
        """In another process it is one of ours alone: the client's request and answer stay behind."""
        return ours, (str(error),), {name: value for name, value in vars(error).items() if hasattr(ours, name)}

    return type(ours.__name__, (ours, theirs), {"__module__": "farthing", "__reduce__": reduced})


def _format_of(client: object) -> str:
    kinds = [kind for kind in type(client).__mro__ if kind.__module__.partition(".")[0] in FORMATS]
    named = {kind.__name__.removeprefix("Async") for kind in kinds}
    if named & set(ELSEWHERE):
        raise Misused(
            f"farthing.wrap() does not understand what {type(client).__name__} sends (the model is in its path, or the body is "
            "signed), and sends nothing that it cannot count: use a client of the maker's own API, or one of Azure's"
        )
    if not named & {"OpenAI", "Anthropic"}:
        what = f"the class {client.__name__}" if isinstance(client, type) else type(client).__name__
        raise Misused(
            f"farthing.wrap() takes OpenAI, AsyncOpenAI, Anthropic and AsyncAnthropic clients, not {what}; "
            "for anything else set its base URL to a gateway (`farthing serve`), or run the program under `farthing run`"
        )
    return FORMATS[kinds[0].__module__.partition(".")[0]]


def _http_of(client: Any) -> Any:
    return client._client  # noqa: SLF001 - see above


def _httpx_of(http: object) -> tuple[Any, bool]:
    """The httpx that a client's HTTP is of, and whether it is asynchronous."""
    for kind in type(http).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in _GENERATIONS and kind.__name__ in {"Client", "AsyncClient"}:
            return sys.modules[package], kind.__name__ == "AsyncClient"
    raise Misused(
        f"this client's HTTP is {type(http).__name__}, of neither httpx nor httpx2: give it one of theirs, or none at all"
    )
