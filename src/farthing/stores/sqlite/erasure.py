"""Somebody is forgotten: a pseudonym takes the place of the name, page by page, and the salt behind the commitment goes.

The entries about calls hold the commitment, not the name, so they stay true. Rows with free text get a new salt and a new
entry, which the erasing link holds. No amount is touched.
"""

import os
import sqlite3
from collections import Counter

from farthing.audit.entry import Kind, digest, pack
from farthing.audit.subjects import PERSONAL, forgotten_as
from farthing.domain.errors import BadRequest
from farthing.ports.audit import Erasure
from farthing.stores.sqlite import audit_events
from farthing.stores.sqlite.audit_batch import Batch
from farthing.stores.sqlite.audit_chain import Chain
from farthing.stores.sqlite.erasure_calls import charged_accounts, newest_page, open_attempts, pages, rewrite_calls
from farthing.stores.sqlite.erasure_rows import Erasing, rewrite_rows
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.statements import sql

_FIND = "SELECT id, pseudonym, commitment FROM audit_subject WHERE label = ? AND value = ?"
_RENAME = "UPDATE audit_subject SET pseudonym = ? WHERE id = ?"
_FORGET = "UPDATE audit_subject SET value = pseudonym, salt = NULL WHERE id = ?"


def erase(handle: Handle, label: str, value: str, *, by: str, now_ms: int) -> Erasure:
    """Each transaction takes well under a second; one that fails leaves a chain that holds, and erasing again goes on
    from there. Raises BadRequest, and then nothing was forgotten yet."""
    subject, pseudonym = _begin(handle, label, value, now_ms)
    it = Erasing(label, value, pseudonym)
    found: Counter[str] = Counter()
    accounts: set[int] = set()
    after: int | None = 0
    while after is not None:
        with handle.changing() as connection:
            calls, after = pages(connection, it, after)
            accounts |= charged_accounts(connection, calls, it)
            found["call"] += rewrite_calls(connection, calls, it, now_ms)
    with handle.changing() as connection:
        _refuse_open(connection, it)
        calls = newest_page(connection, it, now_ms)
        accounts |= charged_accounts(connection, calls, it)
        found["call"] += rewrite_calls(connection, calls, it, now_ms)
        batch = Batch(connection, Chain(lambda: now_ms))
        found += rewrite_rows(connection, batch, it, accounts)
        _forget(connection, batch, subject, it)
        audit_events.note(connection, batch, (now_ms, by.replace(value, pseudonym), "audit.erase", pseudonym, label))
        connection.execute(sql("directory_bump"))
        batch.link("erase")
    return Erasure(label=label, pseudonym=pseudonym, rows={name: count for name, count in found.items() if count})


def _begin(handle: Handle, label: str, value: str, now_ms: int) -> tuple[int, str]:
    if label not in PERSONAL:
        names = ", ".join(sorted(PERSONAL))
        raise BadRequest(f"{label!r} names no person here; what can be erased is: {names}", field="label")
    with handle.changing() as connection:
        found = connection.execute(_FIND, (label, value)).fetchone()
        if found is None or found[1] == value:
            raise BadRequest(
                f"nothing here is of the {label} {value[:80]!r}", field="value", status=404, code="not_found"
            )
        number, pseudonym, commitment = found
        _refuse_open(connection, Erasing(label, value, ""))
        if not pseudonym:
            pseudonym = forgotten_as(os.urandom(8))
            connection.execute(_RENAME, (pseudonym, number))
            entry = pack(Kind.SUBJECT, number, digest((number, label, bytes(commitment), pseudonym)))
            Chain(lambda: now_ms).add(connection, "erase", [entry])
        return number, pseudonym


def _refuse_open(connection: sqlite3.Connection, it: Erasing) -> None:
    count = open_attempts(connection, it)
    if count:
        raise BadRequest(
            f"{count} calls of the {it.label} {it.value[:80]!r} are open or their outcome is unknown; "
            "try again when they have ended (unknown ones are charged by their budgets' policy in some minutes)",
            field="value",
            status=409,
            code="conflict",
        )


def _forget(connection: sqlite3.Connection, batch: Batch, subject: int, it: Erasing) -> None:
    """The name and the salt go; what they came to stays, and nothing leads back from it."""
    connection.execute(_FORGET, (subject,))
    batch.forgotten(subject, it.label, it.pseudonym)
