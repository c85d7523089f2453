"""One action of the admin side: its method and path, what it takes and gives, and who asks. The table is made of these."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import msgspec

from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.gateway.client import PatientClient

PREFIX = "/farthing/v1"
BODY_BYTES = 64 * 1024
"""The longest body of an ordinary change."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request, admitted and read."""

    engine: Engine
    maker: Key | None
    """The key it came with; None in keyless mode, where the caller may do anything."""
    named: dict[str, str]
    """The parts of the path that the template names."""
    query: Any = None
    """An `Endpoint.query` struct, or None."""
    body: Any = None
    """An `Endpoint.takes` struct, or None."""
    client: PatientClient | None = None
    """Who waits for the answer, where that may leave; None for somebody who stays."""

    @property
    def key_name(self) -> str:
        """The name of the key it came with; "" in keyless mode."""
        return "" if self.maker is None else self.maker.name

    @property
    def is_admin(self) -> bool:
        """Whether it may speak for others."""
        return self.maker is None or "admin" in self.maker.rights

    @property
    def by(self) -> str:
        """Who did it, for the audit."""
        return f"key {self.maker.name}" if self.maker is not None else "admin side without keys"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path."""

    method: str
    path: str
    """Below `PREFIX`; `{name}` is one segment of the path, `{name*}` any number of them."""
    summary: str
    """One line for the description."""
    answer: Callable[[Asked], Awaitable[Any]]
    """Raises BadRequest that names the field."""
    gives: Any
    """The type of the answer."""
    takes: type[msgspec.Struct] | None = None
    """The type of the body; None where it has none."""
    query: type[msgspec.Struct] | None = None
    """The type of the query; None where it has none. A field `label` gathers `label.NAME=VALUE`."""
    status: int = 200
    body_bytes: int = BODY_BYTES
    """The longest body it takes."""
    right: str = "admin"
    """What a key must be allowed to, if not `admin`; `call`: every caller may ask, and for its own only."""

    def match(self, raw_path: str) -> dict[str, str] | None:
        """The named parts of a path as it stands in the request line, percent-decoded; None where it is another path."""
        found = pattern(self.path).fullmatch(raw_path)
        return None if found is None else {name: unquote(value) for name, value in found.groupdict().items()}


def pattern(path: str) -> re.Pattern[str]:
    """What a template matches, prefix included."""
    whole = re.sub(r"{(\w+)\*}", r"(?P<\1>.+)", PREFIX + path)
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", whole))


def missing(what: str, name: str) -> BadRequest:
    """The answer where there is nothing of that name."""
    return BadRequest(f"there is no {what} {name!r}", field="path", status=404, code="not_found")


def conflict(message: str, field: str) -> BadRequest:
    """The answer where a change contradicts what is there."""
    return BadRequest(message, field=field, status=409, code="conflict")
