"""Who is calling: the key they present, or the rules of keyless mode.

Without keys the gateway trusts whoever can reach it on this machine, so it must not be reachable by a web page in a
browser here (a foreign Host, Origin or content type) nor through a proxy that hides where a request came from.
"""

import re
from collections.abc import Mapping

from farthing.accounts.attribution import Heard, attribute_heard
from farthing.accounts.secrets import find
from farthing.call.arrival import Caller
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.domain.record import Labels

_OUR_HOSTS = re.compile(rb"^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$")
_OUR_ORIGINS = re.compile(rb"^https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$")
_LOOPBACK = ("127.", "::1", "::ffff:127.")
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")
"""What proxies add."""

Headers = Mapping[bytes, bytes]

_MOST_CALLERS = 4_096
_SHORT = 256
"""What is longer is not remembered: callers choose it."""
_callers: dict[tuple[int, Heard, Labels], tuple[Key | None, Caller]] = {}
"""By the identity of their key, and what they say of themselves. A reload brings other keys, and so other callers."""


def authenticate(headers: Headers, keys: Mapping[str, Key], peer: str) -> Key | None:
    """The caller's key, None in keyless mode. Raises BadRequest: 401 for a bad key, 403 for what keyless mode refuses.

    Asked before the body is read, so that a stranger's bytes cost nothing.
    """
    if keys:
        return key_of(headers, keys)
    check_keyless(headers, peer)
    return None


def caller_of(key: Key | None, heard: Heard, body_labels: Labels) -> Caller:
    """Who the call is for, from what `heard_in` its headers: the very same caller for the same words under the same key, as
    what is known of it may be remembered. Raises BadRequest 400 for labels that cannot be used or that the key misses."""
    mark = (id(key), heard, body_labels)
    known = _callers.get(mark)
    if known is not None and known[0] is key:
        return known[1]
    caller = _caller_of(key, heard, body_labels)
    if all(len(value) <= _SHORT for _, value in (*heard, *body_labels)):
        if len(_callers) >= _MOST_CALLERS:
            _callers.clear()
        _callers[mark] = key, caller  # keeping the key keeps its identity
    return caller


def _caller_of(key: Key | None, heard: Heard, body_labels: Labels) -> Caller:
    found = attribute_heard(heard, body_labels, key)
    if key is None:
        return Caller(labels=found.labels, trusted=None, parent=found.parent)
    return Caller(
        key=key.name, labels=found.labels, trusted=found.trusted, max_values=key.max_values, parent=found.parent
    )


def key_of(headers: Headers, keys: Mapping[str, Key], right: str = "call") -> Key:
    """The key that is presented. Raises BadRequest 401 where it is none of ours, 403 where it lacks the right."""
    shown = presented(headers)
    if not shown:
        raise BadRequest(
            "no key: send `Authorization: Bearer fk_…` or `x-api-key: fk_…`",
            field="authorization",
            status=401,
            code="invalid_api_key",
        )
    key = find(keys, shown)
    if key is None:
        raise BadRequest(
            "this key is unknown or revoked; `farthing keys ls` shows the keys there are",
            field="authorization",
            status=401,
            code="invalid_api_key",
        )
    if right not in key.rights:
        raise BadRequest(
            f"the key {key.name!r} has no right to {right!r}", field="authorization", status=403, code="forbidden"
        )
    return key


def presented(headers: Headers) -> str:
    """The secret in `Authorization: Bearer`, `x-api-key` or `x-goog-api-key`; "" where there is none."""
    bearer = headers.get(b"authorization", b"")
    if bearer[:7].lower() == b"bearer ":
        return bearer[7:].strip().decode("latin-1")
    return (headers.get(b"x-api-key") or headers.get(b"x-goog-api-key") or b"").decode("latin-1")


def check_local(headers: Headers, peer: str) -> None:
    """Refuse what did not begin on this machine: another address, or a request that a proxy says it forwards.
    Raises BadRequest 403."""
    if not peer.startswith(_LOOPBACK):
        raise _unsafe("only this machine may call here", "")
    for name in FORWARDED:
        if name in headers:
            raise _unsafe("a forwarded request counts as remote, and only this machine may call here", name.decode())


def check_host(headers: Headers, when: str = "") -> None:
    """Refuse a Host that is no name of this machine: another name may be a web page's own, led here (DNS rebinding).
    Raises BadRequest 403."""
    if not _OUR_HOSTS.match(headers.get(b"host", b"")):
        raise _unsafe(f"{when}the Host must be 127.0.0.1, localhost or [::1]", "host")


def check_keyless(headers: Headers, peer: str) -> None:
    """Refuse what a web page, a proxy or another machine could have sent. Raises BadRequest 403."""
    if not peer.startswith(_LOOPBACK):
        raise _unsafe("no keys are defined, so only this machine may call; make one with `farthing keys new`", "")
    check_local(headers, peer)
    check_host(headers, "without keys ")
    origin = headers.get(b"origin")
    if origin is not None and not _OUR_ORIGINS.match(origin):
        raise _unsafe("without keys, web pages of other origins may not call", "origin")
    if headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site"):
        raise _unsafe("without keys, web pages of other sites may not call", "sec-fetch-site")


def check_json(headers: Headers) -> None:
    """A body must say that it is JSON: a form in a web page cannot. Raises BadRequest 415."""
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise BadRequest(
            "the body must be sent with `content-type: application/json`",
            field="content-type",
            status=415,
            code="unsupported_media_type",
        )


def _unsafe(message: str, field: str) -> BadRequest:
    return BadRequest(message, field=field, status=403, code="forbidden")
