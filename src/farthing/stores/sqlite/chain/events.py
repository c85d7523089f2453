"""Who changed what: one function writes the event and its link, in the transaction of the change."""

import sqlite3

from farthing.audit.entry import Kind
from farthing.stores.sqlite.chain.batch import Batch
from farthing.stores.sqlite.chain.links import Chain
from farthing.stores.sqlite.statements import sql

Touched = tuple[Kind, *tuple[str | int, ...]]
"""A row that was changed: what it is, and its number or names."""


def record(
    connection: sqlite3.Connection, at_ms: int, by: str, action: str, subject: str, detail: str = "", *touched: Touched
) -> None:
    """In the caller's transaction, after the change. `touched` rows are chained as they stand now."""
    batch = Batch(connection, Chain(lambda: at_ms))
    note(connection, batch, (at_ms, by, action, subject, detail))
    for kind, *key in touched:
        batch.touched(kind, *key)
    batch.link("change")


def chain(connection: sqlite3.Connection, at_ms: int, *touched: Touched) -> None:
    """As `record`, for what is no event of its own: rows that are gone by a rule, for one."""
    batch = Batch(connection, Chain(lambda: at_ms))
    for kind, *key in touched:
        batch.touched(kind, *key)
    batch.link("change")


def note(connection: sqlite3.Connection, batch: Batch, event: tuple[int, str, str, str, str]) -> None:
    """An event (when, who, what, of what, in detail) inside a batch that is being written."""
    number = connection.execute(sql("audit_add"), event).lastrowid
    assert number is not None
    batch.touched(Kind.EVENT, number)
