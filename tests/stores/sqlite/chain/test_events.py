"""Events: the row and its link stand or fall together."""

import sqlite3

import pytest

from farthing.stores.sqlite.chain.events import chain, record
from farthing.stores.sqlite.chain.links import head_of
from farthing.stores.sqlite.connect import open_database


def test_an_event_that_is_undone_leaves_no_link(tmp_path):
    connection = open_database(tmp_path / "a.db")
    before = head_of(connection)
    connection.execute("BEGIN IMMEDIATE")
    record(connection, 5, "root", "key.add", "bot", "{}")
    assert head_of(connection).seq == before.seq + 1
    connection.execute("ROLLBACK")
    assert head_of(connection) == before
    assert connection.execute("SELECT count(*) FROM audit").fetchone() == (0,)
    connection.close()


def test_what_cannot_be_written_is_no_event(tmp_path):
    connection = open_database(tmp_path / "a.db")
    with pytest.raises(sqlite3.IntegrityError):
        record(connection, 5, "root", "key.add", None)
    chain(connection, 5)
    assert head_of(connection).seq == 1
    connection.close()
