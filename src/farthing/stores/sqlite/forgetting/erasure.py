"""Somebody is forgotten: a pseudonym takes the place of the name, page by page, and the salt behind the commitment goes.

The entries about calls hold the commitment, not the name, so they stay true. Rows with free text get a new salt and a new
entry, which the erasing link holds. No amount is touched. What was kept of the texts of their calls is deleted.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable

from farthing.audit.entry import Kind, digest, pack
from farthing.audit.subjects import PERSONAL, forgotten_as
from farthing.audit.words import longest_plain_part
from farthing.domain.errors import BadRequest
from farthing.ports.audit import Erasure
from farthing.stores.sqlite.chain import events
from farthing.stores.sqlite.chain.batch import Batch
from farthing.stores.sqlite.chain.links import Chain
from farthing.stores.sqlite.forgetting.bills import rewrite_bills
from farthing.stores.sqlite.forgetting.calls import charged_accounts, newest_page, pages, rewrite_calls
from farthing.stores.sqlite.forgetting.left import left
from farthing.stores.sqlite.forgetting.living import refuse_in_force, refuse_open
from farthing.stores.sqlite.forgetting.notes import rewrite_notes
from farthing.stores.sqlite.forgetting.rows import Erasing, rewrite_rows
from farthing.stores.sqlite.forgetting.sums import rewrite_sums
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.statements import sql

MOST_OTHERS = 1_000
_FIND = "SELECT id, pseudonym, commitment FROM audit_subject WHERE label = ? AND value = ?"
_OTHERS = "SELECT value FROM audit_subject WHERE instr(value, ?1) AND value <> ?1 AND pseudonym = '' LIMIT ?2"
_RENAME = "UPDATE audit_subject SET pseudonym = ? WHERE id = ?"
_FORGET = "UPDATE audit_subject SET value = pseudonym, salt = NULL WHERE id = ?"

DropContents = Callable[[tuple[int, ...]], int]
"""Deletes the texts of these calls, and says of how many there were any."""


def erase(handle: Handle, label: str, value: str, *, by: str, now_ms: int, drop_contents: DropContents) -> Erasure:
    """Each transaction takes well under a second; one that fails leaves a chain that holds, and erasing again goes on
    from there. Raises BadRequest, and then nothing was forgotten yet."""
    subject, it = _begin(handle, label, value, now_ms)
    found: Counter[str] = Counter()
    accounts: set[int] = set()
    after: int | None = 0
    while after is not None:
        with handle.reading() as connection:
            theirs, _ = pages(connection, it, after)
        found["content"] += drop_contents(tuple(call.id for call in theirs))  # first: then they can still be told
        with handle.changing() as connection:
            calls, after = pages(connection, it, after)
            accounts |= charged_accounts(connection, calls, it)
            found["call"] += rewrite_calls(connection, calls, it, now_ms)
    with handle.changing() as connection:
        refuse_open(connection, it)
        calls = newest_page(connection, it, now_ms)
        accounts |= charged_accounts(connection, calls, it)
        found["call"] += rewrite_calls(connection, calls, it, now_ms)
        batch = Batch(connection, Chain(lambda: now_ms))
        found += rewrite_rows(connection, batch, it, accounts)
        found += rewrite_sums(connection, it, longest_plain_part(it.value))
        found["billing_period"] += rewrite_bills(connection, it)
        found["follower"] += rewrite_notes(connection, it)
        _forget(connection, batch, subject, it)
        events.note(connection, batch, (now_ms, it.reworded(by), "audit.erase", it.pseudonym, label))
        connection.execute(sql("directory_bump"))
        batch.link("erase")
    found["content"] += drop_contents(tuple(call.id for call in calls))
    rows = {name: count for name, count in found.items() if count}
    return Erasure(label=label, pseudonym=it.pseudonym, rows=rows, left=left(handle, it))


def _begin(handle: Handle, label: str, value: str, now_ms: int) -> tuple[int, Erasing]:
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
        others = tuple(name for (name,) in connection.execute(_OTHERS, (value, MOST_OTHERS)))
        it = Erasing(label, value, pseudonym or forgotten_as(os.urandom(8)), others)
        refuse_open(connection, it)
        refuse_in_force(connection, it)
        if not pseudonym:
            connection.execute(_RENAME, (it.pseudonym, number))
            entry = pack(Kind.SUBJECT, number, digest((number, label, bytes(commitment), it.pseudonym)))
            Chain(lambda: now_ms).add(connection, "erase", [entry])
        return number, it


def _forget(connection: sqlite3.Connection, batch: Batch, subject: int, it: Erasing) -> None:
    """The name and the salt go; what they came to stays, and nothing leads back from it."""
    connection.execute(_FORGET, (subject,))
    batch.forgotten(subject, it.label, it.pseudonym)
