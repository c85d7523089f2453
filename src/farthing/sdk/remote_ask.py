"""One question to the admin side of a gateway, and what is said where it gives no answer. Blocking."""

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

from farthing.domain.errors import LedgerUnavailable
from farthing.sdk.errors import Misused
from farthing.sdk.scope import STORE

KEY = "FARTHING_KEY"
ANSWER_SECONDS = 30.0
MOST_BYTES = 32 * 1024 * 1024
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
_KEY_WANTED = f"{KEY} must be a key with the right `runs` that may set `run` (farthing keys new … --right runs)"
_FOR_ADMINISTRATORS = "'admin'"
"""What a gateway says that has no such endpoint: it tells only administrators what there is."""


class Answer(NamedTuple):
    """What the gateway said."""

    status: int
    body: Any
    """Its JSON; None where it has none."""


def is_address(store: str) -> bool:
    """Whether a store is a gateway."""
    return store.startswith(("http://", "https://"))


def check_address(store: str) -> None:
    """Raises Misused where a gateway cannot be at this address, with the one that may be meant."""
    if store.rstrip("/").endswith("/v1"):
        raise Misused(f"a gateway's address as the store is without /v1: {store.rstrip('/').removesuffix('/v1')}")
    if not urlsplit(store).hostname:
        raise Misused(f"{store} is no gateway's address, which is like http://127.0.0.1:4141")


def is_loopback(host: str) -> bool:
    return host.strip("[]") in _LOOPBACK


def ask(store: str, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
    """What it gives. Raises Misused with the gateway's own words where it refuses, LedgerUnavailable where it is away."""
    answer = hear(store, method, path, body)
    if answer.status >= 300:
        refuse(store, path, answer)
    return answer.body


def hear(
    store: str,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    seconds: float = ANSWER_SECONDS,
) -> Answer:
    """Its answer, whatever it says. Raises LedgerUnavailable where there is none, or it cannot count money now; Misused
    for an address that is none."""
    from http import client  # noqa: PLC0415 - `import farthing` loads nothing of the network
    from urllib import error as failures  # noqa: PLC0415 - as above

    try:
        with _opener(store).open(_request(store, method, path, body), timeout=seconds) as answer:
            return Answer(answer.status, _json(store, answer.read(MOST_BYTES)))
    except failures.HTTPError as error:
        with error:
            return _refusal(store, error)
    except client.InvalidURL as error:
        raise Misused(f"{STORE}={store} is no address: {error}") from error
    except (OSError, client.HTTPException) as error:
        why = str(getattr(error, "reason", error)) or type(error).__name__
        raise away(store, why) from error


def away(store: str, why: str) -> LedgerUnavailable:
    """The gateway does not answer."""
    return LedgerUnavailable(
        f"the gateway at {store} cannot be reached ({why}), and without it nothing is sent: "
        f"start it (farthing serve), or correct {STORE}"
    )


def refuse(store: str, path: str, answer: Answer) -> NoReturn:
    """It will not have it. Raises Misused with what to do."""
    said, status = _said(answer.body), answer.status
    if status in range(300, 400):
        raise Misused(f"{store} sends its visitors elsewhere, where {KEY} would go too: name that address in {STORE}")
    if not said:
        raise Misused(f"{store} is no gateway of Farthing's: it answers {path} with HTTP {status}; correct {STORE}")
    if status in (404, 405):
        raise Misused(
            f"the gateway at {store} says: {said}. Either it is older than this program: upgrade it. "
            f"Or {STORE} is more than its address, which is like http://127.0.0.1:4141"
        )
    if status == 403 and _FOR_ADMINISTRATORS in said:
        raise Misused(
            f"the gateway at {store} says: {said}. Either it is older than this program, and has no "
            f"/farthing/v1{path.partition('?')[0]} yet: upgrade it. Or {_KEY_WANTED}"
        )
    what_to_do = f"; {_KEY_WANTED}" if status in (401, 403) else ""
    raise Misused(f"the gateway at {store} says: {said}{what_to_do}")


def _request(store: str, method: str, path: str, body: Mapping[str, object] | None) -> Any:
    from urllib import request  # noqa: PLC0415 - as above

    headers = {"content-type": "application/json"}
    if key := os.environ.get(KEY):
        headers["authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    try:
        return request.Request(f"{store}/farthing/v1{path}", data=data, headers=headers, method=method)  # noqa: S310 - http or https: `is_address`
    except ValueError as error:
        raise Misused(f"{STORE}={store} is no address: {error}") from error


def _opener(store: str) -> Any:
    """No redirect is followed (a key would follow it), and this machine is never reached through a proxy."""
    from urllib import request  # noqa: PLC0415 - as above

    class Stays(request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    proxies: dict[str, str] | None = {} if is_loopback(urlsplit(store).hostname or "") else None
    return request.build_opener(Stays, request.ProxyHandler(proxies))


def _refusal(store: str, error: Any) -> Answer:
    try:
        body = json.loads(error.read(MOST_BYTES) or b"null")
    except (ValueError, OSError):
        body = None
    if error.code >= 500:
        raise LedgerUnavailable(f"the gateway at {store} cannot be used now: {_said(body) or error}")
    return Answer(error.code, body)


def _json(store: str, raw: bytes) -> Any:
    try:
        return json.loads(raw or b"null")
    except ValueError as error:
        raise Misused(f"{store} does not answer like a gateway of Farthing's ({error}); correct {STORE}") from error


def _said(body: Any) -> str:
    """The words of an error of the gateway's; "" where it is none."""
    inner = body.get("error") if isinstance(body, dict) else None
    return str(inner.get("message") or "") if isinstance(inner, dict) else ""
