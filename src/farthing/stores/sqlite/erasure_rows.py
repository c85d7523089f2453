"""Everything but calls that may name somebody: rewritten in one transaction, with a new entry for what is chained."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec

from farthing.audit.entry import Kind
from farthing.audit.words import replaced
from farthing.stores.sqlite.audit_batch import Batch


class Erasing(NamedTuple):
    """Whose name gives way to what."""

    label: str
    value: str
    pseudonym: str


class Prose(NamedTuple):
    """A table with columns in which people write."""

    table: str
    key: str
    columns: tuple[str, ...]
    kind: Kind | None
    """None where the chain does not speak of it."""


_PROSE = (
    Prose("audit", "id", ("by", "subject", "detail"), Kind.EVENT),
    Prose("adjustment", "id", ("by", "reason"), Kind.ADJUSTED),
    Prose("stored_grant", "id", ("by", "reason"), Kind.GRANT),
    Prose("approval", "id", ("topic", "petition", "by", "reason"), Kind.APPROVAL),
    Prose("outcome", "run", ("by", "note"), Kind.OUTCOME),
    Prose("other_cost", "id", ("by", "note"), Kind.OTHER_COST),
    Prose("alert", "id", ("subject", "title", "text", "acknowledged_by"), None),
    Prose("alert_event", "id", ("subject", "detail"), None),
    Prose("run", "name", ("owner", "labels"), None),
)
_EACH = """
SELECT id FROM account WHERE value = ? AND (
    id IN (SELECT value FROM json_each(?))
    OR budget IN (SELECT budget FROM account WHERE id IN (SELECT value FROM json_each(?)))
    OR budget IN (SELECT name FROM stored_budget WHERE json_extract(document, '$.each') = ?)
)
"""
_SUSPENDED = "UPDATE suspension SET value = ? WHERE label = ? AND value = ?"
_REASONS = "SELECT label, value, by, why FROM suspension WHERE instr(by, ?) OR instr(why, ?)"
_GRANTED = "SELECT id, budget FROM stored_grant WHERE value = ?"
_SUMS = (
    "UPDATE who_label SET value = ? WHERE name = ? AND value = ?",
    "UPDATE label_value SET value = ? WHERE name = ? AND value = ?",
    "UPDATE alert_hour SET value = ? WHERE label = ? AND value = ?",
)
_WHO = "SELECT who FROM who_label WHERE name = ? AND value = ?"

_read_labels = msgspec.json.Decoder(dict[str, str]).decode


def rewrite_rows(connection: sqlite3.Connection, batch: Batch, it: Erasing, accounts: Collection[int]) -> Counter[str]:
    """How many rows were rewritten, by table."""
    found: Counter[str] = Counter()
    budgets = set()
    for number in _accounts(connection, it, accounts):
        connection.execute("UPDATE account SET value = ? WHERE id = ?", (it.pseudonym, number))
        budgets |= set(connection.execute("SELECT budget FROM account WHERE id = ?", (number,)).fetchall())
        batch.touched(Kind.ACCOUNT, number)
        found["account"] += 1
    for number, budget in connection.execute(_GRANTED, (it.value,)).fetchall():
        if (budget,) in budgets:
            connection.execute("UPDATE stored_grant SET value = ? WHERE id = ?", (it.pseudonym, number))
            batch.touched(Kind.GRANT, number)
    if connection.execute(_SUSPENDED, (it.pseudonym, it.label, it.value)).rowcount:
        batch.touched(Kind.SUSPENSION, it.label, it.pseudonym)
        found["suspension"] += 1
    found["suspension"] += _reworded(connection, batch, it)
    found += _sums(connection, it)
    for prose in _PROSE:
        for key in _rewrite(connection, prose, it):
            found[prose.table] += 1
            if prose.kind is not None and _chained(connection, prose, key):
                batch.touched(prose.kind, key)
    return found


def _accounts(connection: sqlite3.Connection, it: Erasing, charged: Collection[int]) -> list[int]:
    numbers = msgspec.json.encode(sorted(charged)).decode()
    return [number for (number,) in connection.execute(_EACH, (it.value, numbers, numbers, it.label)).fetchall()]


def _reworded(connection: sqlite3.Connection, batch: Batch, it: Erasing) -> int:
    """Suspensions, of whomever, whose reason or maker names them."""
    rows = connection.execute(_REASONS, (it.value, it.value)).fetchall()
    for label, value, *texts in rows:
        fresh = [replaced(text, it.value, it.pseudonym) for text in texts]
        connection.execute(
            "UPDATE suspension SET by = ?, why = ? WHERE label = ? AND value = ?", (*fresh, label, value)
        )
        batch.touched(Kind.SUSPENSION, label, value)
    return len(rows)


def _sums(connection: sqlite3.Connection, it: Erasing) -> Counter[str]:
    """Sums of the past keep their amounts; only whom they are for has another name."""
    found: Counter[str] = Counter()
    for (who,) in connection.execute(_WHO, (it.label, it.value)).fetchall():
        (labels,) = connection.execute("SELECT labels FROM who WHERE id = ?", (who,)).fetchone()
        renamed = msgspec.json.encode(_read_labels(labels) | {it.label: it.pseudonym}).decode()
        connection.execute("UPDATE who SET labels = ? WHERE id = ?", (renamed, who))
    for query in _SUMS:
        found["sums"] += connection.execute(query, (it.pseudonym, it.label, it.value)).rowcount
    return found


def _rewrite(connection: sqlite3.Connection, prose: Prose, it: Erasing) -> Iterator[str | int]:
    holds = " OR ".join(f"instr({column}, ?)" for column in prose.columns)
    setting = ", ".join(f"{column} = ?" for column in prose.columns)
    find = f"SELECT {', '.join((prose.key, *prose.columns))} FROM {prose.table} WHERE {holds}"  # noqa: S608 - our names
    put = f"UPDATE {prose.table} SET {setting} WHERE {prose.key} = ?"  # noqa: S608
    for key, *texts in connection.execute(find, (it.value,) * len(prose.columns)).fetchall():
        fresh = [text and replaced(text, it.value, it.pseudonym) for text in texts]
        if fresh != texts:
            connection.execute(put, (*fresh, key))
            yield key


def _chained(connection: sqlite3.Connection, prose: Prose, key: str | int) -> bool:
    """Questions that nobody decided are not in the chain."""
    if prose.kind is not Kind.APPROVAL:
        return True
    (state,) = connection.execute("SELECT state FROM approval WHERE id = ?", (key,)).fetchone()
    return state in {"granted", "declined"}
