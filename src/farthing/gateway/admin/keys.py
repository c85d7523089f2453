"""Keys over HTTP: list, make, revoke. A key can give no more than it has."""

import asyncio
import secrets
from datetime import datetime
from typing import Literal

import msgspec

from farthing.accounts.secrets import ID_BYTES, SECRET_BYTES, digest, issue
from farthing.config.convert import keys_of
from farthing.config.settings import File
from farthing.config.settings import Key as KeySettings
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.gateway.admin.endpoint import Asked, Endpoint, conflict, missing
from farthing.gateway.admin.reading import as_in_the_file
from farthing.gateway.admin.shown import moment

Right = Literal["call", "admin", "approve", "metrics", "outcomes", "runs"]


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """One key, without its secret."""

    name: str
    id: str
    source: str
    """`file` or `store`: who may change it."""
    labels: dict[str, str]
    may_set: tuple[str, ...]
    require: tuple[str, ...]
    max_values: int
    rights: tuple[str, ...]
    revoked_at: datetime | None


class KeyList(msgspec.Struct, frozen=True):
    """All keys, the file's first."""

    keys: tuple[KeyView, ...]


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be said of a new key. Its id and secret are ours to make."""

    name: str
    labels: dict[str, str] = {}
    may_set: tuple[str, ...] = ()
    """Labels that its callers may choose."""
    require: tuple[str, ...] = ()
    """Labels without which its calls are refused."""
    max_values: int = 1_000
    rights: tuple[Right, ...] = ("call",)


class MadeKey(KeyView, frozen=True, kw_only=True):
    """A key just made."""

    secret: str
    """Shown this once; only its digest is kept."""


async def list_keys(asked: Asked) -> KeyList:
    engine = asked.engine
    stored = await asyncio.to_thread(engine.directory.load)
    return KeyList(tuple(map(_view, (*keys_of(engine.settings), *stored.keys))))


async def make_key(asked: Asked) -> MadeKey:
    """Raises BadRequest: 403 where it would be given more than its maker has, 409 where the name is taken."""
    engine = asked.engine
    issued = issue(secrets.token_bytes(ID_BYTES + SECRET_BYTES))
    key = msgspec.structs.replace(
        _checked(asked.body, issued.secret), id=issued.id, digest=digest(issued.secret), source="store"
    )
    if asked.maker is not None:
        check_within(key, asked.maker)
    stored = await asyncio.to_thread(engine.directory.load)
    if any(other.name == key.name for other in (*keys_of(engine.settings), *stored.keys)):
        raise conflict(f"there is a key {key.name!r} already; choose another name", "name")
    await asyncio.to_thread(engine.directory.add_key, key, asked.by)
    await engine.take_up()
    return MadeKey(**msgspec.structs.asdict(_view(key)), secret=issued.secret)


async def revoke_key(asked: Asked) -> KeyView:
    """Calls with it are refused from the next one on. Raises BadRequest 404, 409 for a key of the file."""
    engine, name = asked.engine, asked.named["name"]
    if any(key.name == name for key in keys_of(engine.settings)):
        raise conflict(f"the key {name!r} is the configuration's; remove it there, then send SIGHUP", "path")
    stored = await asyncio.to_thread(engine.directory.load)
    if all(key.name != name for key in stored.keys):
        raise missing("stored key", name)
    await asyncio.to_thread(engine.directory.revoke_key, name, asked.by)
    await engine.take_up()
    stored = await asyncio.to_thread(engine.directory.load)
    return next(_view(key) for key in stored.keys if key.name == name)


def check_within(key: Key, maker: Key) -> None:
    """Raises BadRequest 403 naming what the new key would have beyond its maker.

    A maker without labels acts for everybody. One with labels acts within them: its keys carry the same labels, and may
    bind or set only what its own callers may set. An administrator decides approvals and speaks for runs, so it may let others do so.
    """
    for right in key.rights:
        if right not in maker.rights and not (right in ("approve", "outcomes", "runs") and "admin" in maker.rights):
            raise _beyond(f"this key has no right to {right!r} and cannot give it", "rights")
    if not maker.labels:
        return
    bound, given = dict(maker.labels), dict(key.labels)
    for label, value in bound.items():
        if given.get(label) != value:
            raise _beyond(f"this key is bound to {label}={value!r}, and so must be the keys it makes", "labels")
    for field, labels in (("labels", tuple(given)), ("may_set", key.may_set)):
        for label in labels:
            if label not in bound and label not in maker.may_set:
                raise _beyond(f"this key may not set {label!r} and cannot give it", field)
    for label in maker.require:
        if label not in key.require and label not in given:
            raise _beyond(f"this key requires {label!r}, and so must the keys it makes", "require")
    if key.max_values > maker.max_values:
        raise _beyond(f"this key may make {maker.max_values} values of a label and cannot give more", "max_values")


def _checked(wanted: NewKey, secret: str) -> Key:
    """The key as the file's own rules accept it. Raises BadRequest 400."""
    lists = {"may_set": list(wanted.may_set), "require": list(wanted.require), "rights": list(wanted.rights)}
    raw = {**msgspec.structs.asdict(wanted), **lists, "secret": secret}
    (key,) = keys_of(File(keys=(as_in_the_file(KeySettings, "keys", raw, {}),)))
    return key


def _beyond(message: str, field: str) -> BadRequest:
    return BadRequest(message, field=field, status=403, code="forbidden")


def _view(key: Key) -> KeyView:
    return KeyView(
        name=key.name,
        id=key.id,
        source=key.source,
        labels=dict(key.labels),
        may_set=key.may_set,
        require=key.require,
        max_values=key.max_values,
        rights=key.rights,
        revoked_at=moment(key.revoked_ms),
    )


ENDPOINTS = (
    Endpoint(method="GET", path="/keys", summary="All keys, without secrets", answer=list_keys, gives=KeyList),
    Endpoint(
        method="POST",
        path="/keys",
        summary="Make a key; its secret is shown once",
        answer=make_key,
        takes=NewKey,
        gives=MadeKey,
        status=201,
    ),
    Endpoint(
        method="DELETE", path="/keys/{name}", summary="Revoke a stored key at once", answer=revoke_key, gives=KeyView
    ),
)
