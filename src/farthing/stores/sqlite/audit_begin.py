"""The first link: what was in the file before there was a chain is taken up as it stands, once."""

import os
import sqlite3
from functools import partial

from farthing.audit.entry import Kind, pack
from farthing.audit.subjects import SALT_BYTES
from farthing.stores.sqlite.audit_chain import Chain, head_of, salt_row
from farthing.stores.sqlite.audit_tables import ENDING, NAMED, NUMBERED, OPENING, SALTED, Facts, Row, Table

PAGE = 10_000
"""Entries of one link."""
_DETAIL = len(OPENING) + ENDING.index("detail")


def begin(connection: sqlite3.Connection) -> None:
    """Make the first link where there is none. Safe when several processes start at once. A million calls of an older
    version take some ten seconds, once."""
    if head_of(connection).seq:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not head_of(connection).seq:
            _take_up(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _take_up(connection: sqlite3.Connection) -> None:
    chain = Chain()
    entries: list[bytes] = []
    facts = Facts(partial(chain.commitment, connection, entries), partial(_fresh_salt, connection))
    for table in (*NUMBERED, *NAMED):
        if table.name != "audit_subject":  # commitments are made by the rows that need them
            for row in connection.execute(table.query).fetchall() if not table.key else connection.execute(table.query):
                entries += _entries(table, row, facts)
                if len(entries) >= PAGE:
                    chain.add(connection, "begin", entries)
                    entries.clear()
    chain.add(connection, "begin", entries)


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
