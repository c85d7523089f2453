"""Everything but calls that may name somebody: rewritten in one transaction, with a new entry for what is chained."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec

from farthing.audit.entry import Kind
from farthing.audit.words import longest_plain_part, replaced
from farthing.stores.sqlite.chain.batch import Batch


class Erasing(NamedTuple):
    """Whose name gives way to what."""

    label: str
    value: str
    pseudonym: str
    others: tuple[str, ...] = ()
    """Names of other people that have this one in them: they stay."""

    def reworded(self, text: str) -> str:
        """Free text without the name."""
        return replaced(text, self.value, self.pseudonym, self.others)


class Prose(NamedTuple):
    """A table with columns in which people write, or programs about people."""

    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    kind: Kind | None
    """None where the chain does not speak of it."""


_PROSE = (
    Prose("audit", ("id",), ("by", "subject", "detail"), Kind.EVENT),
    Prose("adjustment", ("id",), ("by", "reason"), Kind.ADJUSTED),
    Prose("stored_grant", ("id",), ("by", "reason"), Kind.GRANT),
    Prose("approval", ("id",), ("topic", "petition", "by", "reason"), Kind.APPROVAL),
    Prose("outcome", ("run",), ("by", "note"), Kind.OUTCOME),
    Prose("other_cost", ("id",), ("by", "note"), Kind.OTHER_COST),
    Prose("gate", ("name",), ("detail", "acknowledged_by"), Kind.GATE),
    Prose("suspension", ("label", "value"), ("by", "why"), Kind.SUSPENSION),
    Prose("alert", ("id",), ("subject", "title", "text", "acknowledged_by"), None),
    Prose("alert_fired", ("rule", "subject"), ("subject",), None),
    Prose("alert_event", ("id",), ("subject", "detail"), None),
    Prose("delivery", ("id",), ("key", "last_error"), None),
)
_EACH = """
SELECT id FROM account WHERE value = ? AND (
    id IN (SELECT value FROM json_each(?))
    OR budget IN (SELECT budget FROM account WHERE id IN (SELECT value FROM json_each(?)))
    OR budget IN (SELECT name FROM stored_budget WHERE json_extract(document, '$.each') = ?)
)
"""
_SUSPENDED = "UPDATE suspension SET value = ? WHERE label = ? AND value = ?"
_GRANTED = "SELECT id, budget FROM stored_grant WHERE value = ?"
_RUNS = "SELECT name, labels FROM run WHERE instr(labels, ?)"
_REVOKED = "SELECT name, document FROM stored_key WHERE revoked_ms <> 0 AND instr(document, ?)"

_read_pairs = msgspec.json.Decoder(list[tuple[str, str]]).decode


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
    found["run"] += _runs(connection, it)
    found["stored_key"] += _revoked_keys(connection, batch, it)
    for prose in _PROSE:
        for key in _rewrite(connection, prose, it):
            found[prose.table] += 1
            if prose.kind is not None and _chained(connection, prose, key):
                batch.touched(prose.kind, *key)
    return found


def _accounts(connection: sqlite3.Connection, it: Erasing, charged: Collection[int]) -> list[int]:
    numbers = msgspec.json.encode(sorted(charged)).decode()
    return [number for (number,) in connection.execute(_EACH, (it.value, numbers, numbers, it.label)).fetchall()]


def _runs(connection: sqlite3.Connection, it: Erasing) -> int:
    """The labels with which runs were announced."""
    count = 0
    for name, labels in connection.execute(_RUNS, (longest_plain_part(it.value),)).fetchall():
        if [it.label, it.value] in msgspec.json.decode(labels):
            connection.execute("UPDATE run SET labels = ? WHERE name = ?", (_renamed(labels, it), name))
            count += 1
    return count


def _revoked_keys(connection: sqlite3.Connection, batch: Batch, it: Erasing) -> int:
    """Keys that nobody may use any more lose the name among their labels."""
    count = 0
    for name, text in connection.execute(_REVOKED, (longest_plain_part(it.value),)).fetchall():
        document = msgspec.json.decode(text)
        if [it.label, it.value] in document.get("labels", []):
            labels = msgspec.json.encode(document["labels"]).decode()
            document["labels"] = msgspec.Raw(_renamed(labels, it).encode())
            fresh = msgspec.json.encode(document).decode()
            connection.execute("UPDATE stored_key SET document = ? WHERE name = ?", (fresh, name))
            batch.touched(Kind.KEY, name)
            count += 1
    return count


def _renamed(labels: str, it: Erasing) -> str:
    """Pairs of labels, as JSON, with the pseudonym in the place of the name."""
    pairs = [
        (name, it.pseudonym if (name, value) == (it.label, it.value) else value) for name, value in _read_pairs(labels)
    ]
    return msgspec.json.encode(pairs).decode()


def _rewrite(connection: sqlite3.Connection, prose: Prose, it: Erasing) -> Iterator[tuple[str | int, ...]]:
    part = longest_plain_part(it.value)
    holds = " OR ".join(f"instr({column}, ?)" for column in prose.columns)
    setting = ", ".join(f"{column} = ?" for column in prose.columns)
    where = " AND ".join(f"{key} = ?" for key in prose.keys)
    find = f"SELECT {', '.join((*prose.keys, *prose.columns))} FROM {prose.table} WHERE {holds}"  # noqa: S608 - our names
    put = f"UPDATE OR REPLACE {prose.table} SET {setting} WHERE {where}"  # noqa: S608
    for row in connection.execute(find, (part,) * len(prose.columns)).fetchall():
        key, texts = row[: len(prose.keys)], row[len(prose.keys) :]
        fresh = tuple(text and it.reworded(text) for text in texts)
        if fresh != texts:
            connection.execute(put, (*fresh, *key))
            yield key


def _chained(connection: sqlite3.Connection, prose: Prose, key: tuple[str | int, ...]) -> bool:
    """Questions that nobody decided are not in the chain."""
    if prose.kind is not Kind.APPROVAL:
        return True
    (state,) = connection.execute("SELECT state FROM approval WHERE id = ?", key).fetchone()
    return state in {"granted", "declined"}
