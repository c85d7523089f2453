"""Who a Messages request says it is for: `metadata.user_id`, and the session that Claude Code packs into it."""

import re
from typing import Any

import msgspec

from farthing.wire.fields import mapping, text

_LEGACY = re.compile(r"(?P<user>user_[0-9a-f]{64}_account_[0-9a-f-]*)_session_(?P<session>[0-9a-f-]+)")
"""Claude Code before 2.1.78."""


class _Packed(msgspec.Struct, frozen=True):
    """Claude Code since 2.1.78: JSON inside the string."""

    session_id: str
    device_id: str = ""
    account_uuid: str = ""


_decode = msgspec.json.Decoder(_Packed).decode


def attribution(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """`user`, and `session` where the user id carries one. The user is without the session, so that it stays the same
    from one session to the next."""
    user = text(mapping(body, "metadata") or {}, "user_id", "metadata")
    if not user:
        return ()
    if legacy := _LEGACY.fullmatch(user):
        return ("user", legacy["user"]), ("session", legacy["session"])
    if user.startswith("{"):
        return _packed(user)
    return (("user", user),)


def _packed(user: str) -> tuple[tuple[str, str], ...]:
    try:
        packed = _decode(user)
    except msgspec.DecodeError:
        return (("user", user),)
    named = ("user", packed.account_uuid or packed.device_id), ("session", packed.session_id)
    return tuple(pair for pair in named if pair[1])
