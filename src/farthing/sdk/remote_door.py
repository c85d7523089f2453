"""A call by a gateway's address: the same request, sent to the gateway with the labels of its budgets."""

import os
from typing import Any
from urllib.parse import urlsplit

from farthing.accounts.attribution import HEADER, read_labels
from farthing.domain.record import Labels
from farthing.sdk.calls import merged
from farthing.sdk.errors import Misused
from farthing.sdk.remote import KEY, is_loopback
from farthing.sdk.routes import Path

_MAKERS = {"openai": "api.openai.com", "anthropic": "api.anthropic.com"}
_CREDENTIALS = ("authorization", "x-api-key", "api-key")
_HOPS = ("host", "content-length", "transfer-encoding", "connection", "accept-encoding")
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
