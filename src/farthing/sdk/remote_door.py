"""A call by a gateway's address: the same request, sent to the gateway with the labels of its budgets."""

import os
import time
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from farthing.accounts.attribution import HEADER, read_labels
from farthing.domain.record import Labels
from farthing.sdk.calls import merged
from farthing.sdk.errors import Misused
from farthing.sdk.loops import here
from farthing.sdk.remote_ask import KEY, away, is_loopback
from farthing.sdk.remote_beats import beats_of, overdue
from farthing.sdk.routes import Path

_MAKERS = {"openai": "api.openai.com", "anthropic": "api.anthropic.com"}
_CREDENTIALS = ("authorization", "x-api-key", "api-key")
_HOPS = ("host", "content-length", "transfer-encoding", "connection", "accept-encoding")
_UNREACHABLE = frozenset(("ConnectError", "ConnectTimeout"))
"""What httpx raises, of either generation, where nothing can have been sent."""
AGAIN_SECONDS = (0.2, 1.0)
"""Before a gateway that cannot be reached is asked again: it may just be started anew."""
_VERSION = {"openai": "/v1", "anthropic": ""}
"""What stands before the paths of a dialect at a gateway; Anthropic's own paths say it."""


def to_gateway(inner: Any, request: Any, store: str, format: str, path: Path | None, labels: Labels) -> Any:
    """The request as the gateway takes it, its body read. Raises Misused where the client's credential is for another
    provider than the gateway would hand it to."""
    headers = [(name, value) for name, value in request.headers.multi_items() if name.lower() not in (*_HOPS, HEADER)]
    said = merged(read_labels(request.headers.get(HEADER, "").encode()), labels)
    if said:
        headers.append((HEADER, ",".join(f"{name}={value}" for name, value in said)))
    own = path.own if path is not None else _own(request.url.path, format)
    query = request.url.query.decode("ascii")
    url = f"{store.rstrip('/')}{_VERSION[format]}{own}{f'?{query}' if query else ''}"
    return inner.build_request(
        request.method,
        url,
        headers=_with_credential(headers, request.url.host, store, format),
        content=request.content,
        extensions={name: value for name, value in request.extensions.items() if name != "sni_hostname"},
    )


def sent(inner: Any, request: Any, store: str, **how: Any) -> Any:
    """The gateway's answer to a request that `to_gateway` made. Raises LedgerUnavailable where it cannot be reached (nothing
    was sent); what else happens on the way is the client's own to deal with."""
    if overdue(store):
        beats_of(store).keep_up()
    pauses = iter(AGAIN_SECONDS)
    while True:
        try:
            return inner.send(request, **how)
        except Exception as error:  # noqa: BLE001 - raised again unless nothing was sent
            pause = _pause_after(error, pauses, store)
        time.sleep(pause)


async def sent_async(inner: Any, request: Any, store: str, **how: Any) -> Any:
    """The same for an asynchronous client."""
    if overdue(store):
        await here().in_thread(beats_of(store).keep_up)
    pauses = iter(AGAIN_SECONDS)
    while True:
        try:
            return await inner.send(request, **how)
        except Exception as error:  # noqa: BLE001 - raised again unless nothing was sent
            pause = _pause_after(error, pauses, store)
        await here().in_thread(partial(time.sleep, pause))


def _pause_after(error: Exception, pauses: Iterator[float], store: str) -> float:
    """How long to wait before it is asked again. Raises the error where something may have been sent, LedgerUnavailable
    where it was asked often enough."""
    if _UNREACHABLE.isdisjoint(kind.__name__ for kind in type(error).__mro__):
        raise error
    pause = next(pauses, None)
    if pause is None:
        raise away(store, str(error) or type(error).__name__) from error
    return pause


def _own(path: str, format: str) -> str:
    """A path that is no call, below whatever base the client has: from its last `/v1` on."""
    _, version, rest = path.rpartition("/v1/")
    return f"/{rest}" if version and format == "openai" else f"{version}{rest}"


def _with_credential(headers: list[tuple[str, str]], host: str, store: str, format: str) -> list[tuple[str, str]]:
    """With our key where there is one. Else the client's own credential goes on, to the provider it is for and no other."""
    key = os.environ.get(KEY)
    if key:
        return [*(pair for pair in headers if pair[0].lower() not in _CREDENTIALS), ("authorization", f"Bearer {key}")]
    if host != _MAKERS[format] and not is_loopback(host) and host != urlsplit(store).hostname:
        raise Misused(
            f"this client's key is for {host}, and the gateway at {store} may hand it to another provider; "
            f"give the gateway that provider's key, and set {KEY} to a key of the gateway"
        )
    return headers
