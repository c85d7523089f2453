"""The first links: what was in the file before there was a chain is taken up as it stands, once, page by page."""

import os
import sqlite3
from collections.abc import Iterable
from functools import partial

import msgspec

from farthing.audit.entry import Kind, pack
from farthing.audit.subjects import SALT_BYTES
from farthing.stores.sqlite.chain.links import Chain, head_of, salt_row
from farthing.stores.sqlite.chain.tables import (
    ENDING,
    NAMED,
    NUMBERED,
    OPENING,
    SALTED,
    Facts,
    Row,
    Table,
    rows_of,
)

PAGE = 5_000
"""Rows of one transaction: some quarter of a second."""
PLACE = "audit_begin"
"""In `meta` while the past is being taken up: how far."""
_BIGGEST = 2**63 - 1
_DETAIL = len(OPENING) + ENDING.index("detail")
_TABLES = tuple(table for table in (*NUMBERED, *NAMED) if table.name != "audit_subject")
"""Commitments are made by the rows that need them."""
_GET = "SELECT value FROM meta WHERE name = ?"
_PUT = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_DONE = "DELETE FROM meta WHERE name = ?"


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where to go on."""

    table: int = 0
    after: int = -_BIGGEST


_read_place = msgspec.json.Decoder(Place).decode


def begin(connection: sqlite3.Connection) -> None:
    """Make the first links where there are none, before anything else is written.

    Safe when several processes start at once: each does the page that is next, and none goes on before all are done. One
    that dies leaves the rest to the next. A million calls of an older version take about a minute, once.
    """
    while _place(connection) is not None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            place = _place(connection)
            if place is not None:
                _take_up(connection, place)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _place(connection: sqlite3.Connection) -> Place | None:
    """None where nothing is left to be taken up."""
    found = connection.execute(_GET, (PLACE,)).fetchone()
    if found is not None:
        return _read_place(found[0])
    return None if head_of(connection).seq else Place()


def _take_up(connection: sqlite3.Connection, place: Place) -> None:
    chain = Chain()
    entries: list[bytes] = []
    facts = Facts(partial(chain.commitment, connection, entries), partial(_fresh_salt, connection))
    table, after, left = place.table, place.after, PAGE
    while left > 0 and table < len(_TABLES):
        rows = _rows(connection, _TABLES[table], after, left)
        for row in rows:
            entries += _entries(_TABLES[table], row, facts)
        is_over = not _TABLES[table].key or len(rows) < left
        table, after = (table + 1, Place().after) if is_over else (table, int(rows[-1][0]))
        left -= len(rows)
    chain.add(connection, "begin", entries)
    if table < len(_TABLES):
        connection.execute(_PUT, (PLACE, msgspec.json.encode(Place(table, after)).decode()))
    else:
        connection.execute(_DONE, (PLACE,))


def _rows(connection: sqlite3.Connection, table: Table, after: int, limit: int) -> list[Row]:
    """The next rows of a table whose rows have numbers; all of one whose rows have names, of which there are few."""
    found: Iterable[Row] = (
        rows_of(connection, table, after, _BIGGEST, limit) if table.key else connection.execute(table.query)
    )
    return list(found)


def _entries(table: Table, row: Row, facts: Facts) -> list[bytes]:
    number = table.number(row, facts)
    found = ((group.kind, group.now(row, number, facts)) for group in table.groups)
    return [pack(kind, number, digest) for kind, digest in found if digest is not None]


def _fresh_salt(connection: sqlite3.Connection, kind: int, number: int, row: Row) -> bytes:
    if kind not in SALTED and not (kind == Kind.CLOSED and row[_DETAIL]):
        return b""
    salt = os.urandom(SALT_BYTES)
    salt_row(connection, kind, number, salt)
    return salt
