"""Who may use the admin side: this machine only, and where there are keys, a key with the right `admin`. On an address of
its own: keys only."""

from collections.abc import Mapping

from farthing.accounts.secrets import find
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.gateway.admin.entrance import HERE, Entrance
from farthing.gateway.identify import Headers, check_keyless, key_of, presented

RIGHT = "admin"
EVERYBODY = "call"
"""The right that every caller has."""


def admitted(
    headers: Headers, keys: Mapping[str, Key], peer: str, right: str = RIGHT, entrance: Entrance = HERE
) -> Key | None:
    """The key of whoever asks, None in keyless mode. Raises BadRequest 401 or 403.

    What every caller may ask, or a key with another right, is asked from wherever calls come from. Without keys a web page may ask only if it is of
    this very address: another port of this machine is another program.
    """
    if entrance.for_keys:
        entrance.check(headers, peer)
        return caller_key(headers, keys, right)
    if keys and right != RIGHT and (right == EVERYBODY or _has(headers, keys, right)):
        return caller_key(headers, keys, right)
    entrance.check(headers, peer)
    if keys:
        return caller_key(headers, keys, right)
    check_keyless(headers, peer)
    origin = headers.get(b"origin")
    host = headers.get(b"host", b"")
    if origin is not None and origin not in (b"http://" + host, b"https://" + host):
        raise BadRequest(
            "without keys, only pages of this very address may use the admin side",
            field="origin",
            status=403,
            code="forbidden",
        )
    return None


def caller_key(headers: Headers, keys: Mapping[str, Key], right: str = EVERYBODY) -> Key:
    """The key of an administrator, or of somebody with this right. Raises BadRequest 401 or 403."""
    return key_of(headers, keys, RIGHT if _has(headers, keys, RIGHT) else right)


def _has(headers: Headers, keys: Mapping[str, Key], right: str) -> bool:
    found = find(keys, presented(headers))
    return found is not None and right in found.rights


def still_admitted(maker: Key | None, keys: Mapping[str, Key]) -> None:
    """Raises BadRequest 401 where the key was revoked, or the first one made, while the request was on its way."""
    lacking = bool(keys) if maker is None else all(key.id != maker.id for key in keys.values())
    if lacking:
        raise BadRequest("this key is not valid any more", field="authorization", status=401, code="invalid_api_key")
