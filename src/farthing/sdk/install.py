"""For code that one cannot touch: from `install()` on, every OpenAI and Anthropic client is wrapped as it is made.

Patched are two methods of each of a few classes, `__init__` and `_make_status_error`: those of `openai.OpenAI`,
`openai.AsyncOpenAI`, `anthropic.Anthropic` and `anthropic.AsyncAnthropic`, and so of what derives from them (Azure, and
the module-level client of `openai`); and Bedrock's and Vertex's of `anthropic`, whose calls are refused, since nobody
here can count them. Clients that were made before stay as they are. That of the module asks for its HTTP at every call, and
may be given another at any time (`openai.http_client`): so the property that it asks is patched, too.
"""

import functools
import importlib
import importlib.util
import threading
from typing import Any

from farthing.sdk.door import Terms
from farthing.sdk.errors import Misused
from farthing.sdk.wrap import ELSEWHERE, FORMATS, MAKES_ERRORS, close_sockets, guarded_http, is_guarded, translated

CLASSES = {
    "openai": ("OpenAI", "AsyncOpenAI"),
    "anthropic": ("Anthropic", "AsyncAnthropic", *ELSEWHERE, *(f"Async{name}" for name in ELSEWHERE)),
}
"""Those that a generation does not have are passed over, and so are those that derive from the first two."""
_BEGINS = "__init__"
_OF_MODULES = "_ModuleClient"
_ITS_HTTP = "_client"
_lock = threading.Lock()
_before: dict[tuple[Any, str], Any] = {}
"""What stood there before."""
_terms = Terms()


def install(*, require_budget: bool = False) -> tuple[str, ...]:
    """Wrap every client that is made from now on, by whatever library. Returns the packages that are covered.

    With `require_budget`, calls outside of any `farthing.budget(…)` are refused (`NoBudget`): nothing is spent unseen. To
    install again changes only that. Imports `openai` and `anthropic` where they are there; raises Misused where neither is.
    """
    global _terms  # noqa: PLW0603 - one for the whole process, as what it patches is
    found = tuple(package for package in CLASSES if importlib.util.find_spec(package) is not None)
    if not found:
        raise Misused("farthing.install() wraps the clients of `openai` and `anthropic`, and neither is installed")
    with _lock:
        _terms = Terms(require_budget=require_budget)
        for package in found:
            module = importlib.import_module(package)
            for kind in _own_classes(module, CLASSES[package]):
                _patch(kind, FORMATS[package])
            of_module = getattr(module, _OF_MODULES, None)
            if of_module is not None:
                _patch_http(of_module, FORMATS[package])
    return found


def uninstall() -> None:
    """Clients that are made from now on are the makers' own again; those that were wrapped stay so, and what refuses their
    calls is the client's own `APIStatusError` only."""
    with _lock:
        for (kind, method), own in _before.items():
            setattr(kind, method, own)
        _before.clear()


def _own_classes(module: Any, names: tuple[str, ...]) -> list[Any]:
    """The classes of these names, without those that derive from one before them."""
    found: list[Any] = []
    for name in names:
        kind = getattr(module, name, None)
        if kind is not None and not issubclass(kind, tuple(found)):
            found.append(kind)
    return found


def _patch(kind: Any, dialect: str) -> None:
    if (kind, _BEGINS) in _before:
        return
    begins, makes_errors = kind.__init__, getattr(kind, MAKES_ERRORS)
    _before[kind, _BEGINS], _before[kind, MAKES_ERRORS] = begins, makes_errors

    @functools.wraps(begins)
    def __init__(self: Any, *args: Any, **named: Any) -> None:  # noqa: N807 - it takes that one's place
        begins(self, *args, **named)
        if not is_guarded(self._client):
            self._client = guarded_http(self._client, dialect, _terms)
        close_sockets(self)

    kind.__init__ = __init__
    setattr(kind, MAKES_ERRORS, translated(makes_errors))


def _patch_http(kind: Any, dialect: str) -> None:
    """Whatever HTTP this client is given, and whenever: its calls go through ours."""
    if (kind, _ITS_HTTP) in _before:
        return
    own = _before[kind, _ITS_HTTP] = vars(kind)[_ITS_HTTP]
    last: tuple[Any, Terms, Any] = (None, _terms, None)

    def _client(self: Any) -> Any:
        nonlocal last
        http, terms = own.fget(self), _terms
        if is_guarded(http):
            return http
        if last[0] is not http or last[1] is not terms:
            last = http, terms, guarded_http(http, dialect, terms)
        return last[2]

    setattr(kind, _ITS_HTTP, property(_client, own.fset))
