"""What would bring a name back: calls that are not over, and keys and budgets that are in force and name the person."""

import sqlite3
from collections.abc import Iterator

import msgspec

from farthing.audit.words import longest_plain_part
from farthing.domain.errors import BadRequest
from farthing.stores.sqlite.forgetting.calls import open_attempts
from farthing.stores.sqlite.forgetting.rows import Erasing

_KEYS = "SELECT name, document FROM stored_key WHERE revoked_ms = 0 AND instr(document, ?)"
_BUDGETS = "SELECT name, document FROM stored_budget WHERE instr(document, ?)"


def refuse_open(connection: sqlite3.Connection, it: Erasing) -> None:
    """Raises BadRequest 409 while calls of theirs are open or unknown."""
    count = open_attempts(connection, it)
    if count:
        raise BadRequest(
            f"{count} calls of the {it.label} {it.value[:80]!r} are open or their outcome is unknown; "
            "try again when they have ended (unknown ones are charged by their budgets' policy in some minutes)",
            field="value",
            status=409,
            code="conflict",
        )


def refuse_in_force(connection: sqlite3.Connection, it: Erasing) -> None:
    """Raises BadRequest 409 where a stored key or budget has the name among its labels."""
    found = [
        *(f"the key {name!r} (`farthing keys revoke`)" for name in _naming(connection, _KEYS, "labels", it)),
        *(f"the budget {name!r} (`farthing budgets rm`)" for name in _naming(connection, _BUDGETS, "match", it)),
    ]
    if found:
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise BadRequest(
            f"the {it.label} {it.value[:80]!r} is named by {', '.join(found[:5])}{more}; take these away first",
            field="value",
            status=409,
            code="conflict",
        )


def _naming(connection: sqlite3.Connection, query: str, field: str, it: Erasing) -> Iterator[str]:
    for name, text in connection.execute(query, (longest_plain_part(it.value),)).fetchall():
        if [it.label, it.value] in msgspec.json.decode(text).get(field, []):
            yield name
