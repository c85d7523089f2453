"""Sums of the past lose a name and keep their amounts: where the pseudonym has sums already, both become one."""

import sqlite3
from collections import Counter

import msgspec

from farthing.stores.sqlite.forgetting.rows import Erasing
from farthing.stores.sqlite.sums.runs import read_part, write_part
from farthing.stores.sqlite.sums.tally import SUMS

_WHO = "SELECT id, key, labels FROM who WHERE id IN (SELECT who FROM who_label WHERE name = ? AND value = ?)"
_TWIN = "SELECT id, narrow FROM who WHERE labels = ? AND key = ?"
_RENAME = "UPDATE who SET labels = ? WHERE id = ?"
_HOURS = """
INSERT INTO alert_hour SELECT label, hour_ms, ?3, attempts, cost_nanos, input_tokens, cache_read_input_tokens
FROM alert_hour WHERE label = ?1 AND value = ?2
ON CONFLICT DO UPDATE SET
    attempts = attempts + excluded.attempts,
    cost_nanos = cost_nanos + excluded.cost_nanos,
    input_tokens = input_tokens + excluded.input_tokens,
    cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens
"""
_NAMES = (
    "INSERT OR IGNORE INTO who_label SELECT name, ?3, who FROM who_label WHERE name = ?1 AND value = ?2",
    "DELETE FROM who_label WHERE name = ?1 AND value = ?2",
    "INSERT OR IGNORE INTO label_value SELECT name, ?3 FROM label_value WHERE name = ?1 AND value = ?2",
    "DELETE FROM label_value WHERE name = ?1 AND value = ?2",
    _HOURS,
    "DELETE FROM alert_hour WHERE label = ?1 AND value = ?2",
)
_ADDED = ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)
_THEIRS = "narrow = ?1 OR (family = 2 AND who = ?1)"
_CELLS = f"""
INSERT INTO cell
SELECT family, length_ms, iif(narrow = ?1, ?3, narrow), start_ms, iif(who = ?1, ?2, who), what, {", ".join(SUMS)}
FROM cell WHERE {_THEIRS} ON CONFLICT DO UPDATE SET {_ADDED}
"""  # noqa: S608 - names of ours
_MERGE = (
    _CELLS,
    f"DELETE FROM cell WHERE {_THEIRS}",  # noqa: S608
    "UPDATE run_total SET who = iif(who = ?1, ?2, who), narrow = iif(narrow = ?1, ?3, narrow) WHERE ?1 IN (who, narrow)",
    "UPDATE who SET narrow = ?3 WHERE narrow = ?1 AND id <> ?1",
    "DELETE FROM who_label WHERE who = ?1",
    "DELETE FROM who WHERE id = ?1",
)
_ANEW = "UPDATE span SET turn = turn + 1 WHERE whole = 0"
_PARTS = {
    "run_part": "SELECT length_ms, start_ms, run, part FROM run_part WHERE instr(part, CAST(? AS BLOB))",
    "run_total": "SELECT run, part FROM run_total WHERE instr(part, CAST(? AS BLOB))",
}
_PUT = {
    "run_part": "UPDATE run_part SET part = ? WHERE length_ms = ? AND start_ms = ? AND run = ?",
    "run_total": "UPDATE run_total SET part = ? WHERE run = ?",
}

_read_labels = msgspec.json.Decoder(dict[str, str]).decode


def rewrite_sums(connection: sqlite3.Connection, it: Erasing, part: str) -> Counter[str]:
    """How many rows were rewritten, by table. `part` is of the name, as plain as JSON has it."""
    connection.execute(_ANEW)  # whoever is summing has read the name: let them begin anew
    found: Counter[str] = Counter()
    for number, key, labels in connection.execute(_WHO, (it.label, it.value)).fetchall():
        _rename(connection, number, key, _renamed(labels, it))
        found["who"] += 1
    for query in _NAMES:
        values = (it.label, it.value, it.pseudonym) if "?3" in query else (it.label, it.value)
        connection.execute(query, values)
    for table, query in _PARTS.items():
        for *key, document in connection.execute(query, (part,)).fetchall():
            run = read_part(document)
            renamed = _renamed(run.labels, it)
            if renamed != run.labels:
                run.labels = renamed
                connection.execute(_PUT[table], (write_part(run), *key))
                found[table] += 1
    return found


def _rename(connection: sqlite3.Connection, number: int, key: str, labels: str) -> None:
    twin = connection.execute(_TWIN, (labels, key)).fetchone()
    if twin is None:
        connection.execute(_RENAME, (labels, number))
        return
    into, narrow = twin
    for query in _MERGE:
        values = (number, into, narrow) if "?3" in query else (number,)
        connection.execute(query, values)


def _renamed(labels: str, it: Erasing) -> str:
    every = _read_labels(labels)
    return msgspec.json.encode(every | {it.label: it.pseudonym}).decode() if every.get(it.label) == it.value else labels
