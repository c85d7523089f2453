"""Sums: one row of whom takes up another, cell by cell, and whoever is summing begins anew."""

import sqlite3
from contextlib import closing

import pytest

from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.forgetting.rows import Erasing
from farthing.stores.sqlite.forgetting.sums import rewrite_sums
from support.audited import fill
from support.erased import name_everywhere


@pytest.fixture
def path(tmp_path):
    fill(tmp_path / "a.db")
    name_everywhere(tmp_path / "a.db", "alice")
    return tmp_path / "a.db"


def rewrite(path):
    with closing(open_database(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        found = rewrite_sums(connection, Erasing("user", "alice", "P"), "alice")
        connection.execute("COMMIT")
    return found


def ask(path, query):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(query).fetchall()


def test_a_name_is_renamed_where_nothing_stands_under_the_pseudonym(path):
    (who,) = ask(path, "SELECT id FROM who")[0]
    assert rewrite(path) == {"who": 1, "run_part": 1, "run_total": 1}
    assert ask(path, "SELECT id, labels FROM who") == [(who, '{"team":"a","user":"P"}')]
    assert ask(path, "SELECT value FROM who_label UNION SELECT value FROM label_value WHERE name = 'user'") == [("P",)]


def test_cells_of_the_same_place_are_added(path):
    name_everywhere(path, "P")
    (into,) = ask(path, "SELECT id FROM who WHERE labels LIKE '%\"P\"%'")[0]
    rewrite(path)
    assert ask(path, "SELECT id, narrow FROM who") == [(into, into)]
    assert ask(path, "SELECT family, narrow, who, calls, cost_nanos FROM cell") == [
        (1, into, 0, 6, 6),
        (2, into, into, 6, 6),
    ]
    assert ask(path, "SELECT DISTINCT who, narrow FROM run_total") == [(into, into)]
    assert ask(path, "SELECT value, cost_nanos FROM alert_hour") == [("P", 14)]


def test_who_is_at_summing_begins_anew(path):
    ask(path, "INSERT INTO span VALUES (300000, 0, 0, 5), (300000, 300000, 1, 5)")
    rewrite(path)
    assert ask(path, "SELECT turn FROM span ORDER BY start_ms") == [(6,), (5,)]
