"""Where a name still stands after its erasure: as a team, in the name of a run or a key. It is told, not touched."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any

from farthing.audit.words import longest_plain_part
from farthing.stores.sqlite.forgetting.rows import Erasing
from farthing.stores.sqlite.handle import Handle

PAGE = 20_000
"""Rows of one transaction."""
_TABLES = "SELECT name, wr FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND name NOT LIKE 'sqlite_%'"
_COLUMNS = "SELECT name, type FROM pragma_table_info(?)"
_PART = {"TEXT": "?1", "BLOB": "CAST(?1 AS BLOB)"}
_WITHOUT_TEXT = frozenset({"audit_link", "audit_salt", "audit_subject", "audit_seal"})
"""Tables of the chain: digests, and the names of other people."""


def left(handle: Handle, it: Erasing) -> dict[str, int]:
    """How many rows of each table still have the name in them, apart from longer names of other people."""
    found: Counter[str] = Counter()
    with handle.reading() as connection:
        tables = [(name, bool(keyed)) for name, keyed in connection.execute(_TABLES) if name not in _WITHOUT_TEXT]
    for table, keyed in tables:
        found[table] += sum(_names(row, it) for row in _suspects(handle, table, it, keyed=keyed))
    return {table: count for table, count in found.items() if count}


def _suspects(handle: Handle, table: str, it: Erasing, *, keyed: bool) -> Iterator[tuple[Any, ...]]:
    """Rows that may have it. Tables without row numbers are read whole: they have few rows, or small ones."""
    part = longest_plain_part(it.value)
    with handle.reading() as connection:
        columns = [(name, kind) for name, kind in connection.execute(_COLUMNS, (table,)) if kind in _PART]
    if not columns:
        return
    holds = " OR ".join(f"instr({name}, {_PART[kind]})" for name, kind in columns)
    rows = f"SELECT {', '.join(name for name, _ in columns)} FROM {table} WHERE ({holds})"  # noqa: S608 - names of ours
    if keyed:
        with handle.reading() as connection:
            found = connection.execute(rows, (part,)).fetchall()
        yield from found
        return
    page = rows + " AND rowid > ?2 AND rowid <= ?3"
    after: int | None = -(2**63)
    while after is not None:
        with handle.reading() as connection:
            last = _last(connection, table, after)
            until = 2**63 - 1 if last is None else last
            found = connection.execute(page, (part, after, until)).fetchall()
        yield from found
        after = last


def _last(connection: sqlite3.Connection, table: str, after: int) -> int | None:
    """The last row of the next page; None where the table ends within it."""
    query = f"SELECT max(rowid), count(*) FROM (SELECT rowid FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?)"  # noqa: S608
    last, count = connection.execute(query, (after, PAGE)).fetchone()
    return int(last) if count == PAGE else None


def _names(row: tuple[Any, ...], it: Erasing) -> bool:
    texts = (value.decode(errors="replace") if isinstance(value, bytes) else value for value in row if value)
    return any(it.reworded(text) != text for text in texts)
