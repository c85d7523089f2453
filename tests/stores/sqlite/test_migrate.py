"""Migrations: numbered, each applied once, whole or not at all, whoever starts first."""

import sqlite3
import subprocess
import sys

import pytest

from farthing.stores.sqlite import migrate as module
from farthing.stores.sqlite.migrate import APPLICATION_ID, migrate, migrations, statements

START = """
import sys, pathlib
from farthing.stores.sqlite.connect import open_database
sys.stdin.readline()
connection = open_database(pathlib.Path(sys.argv[1]))
print(connection.execute("SELECT count(*) FROM meta WHERE name = 'directory_version'").fetchone()[0])
"""


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def version(connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def test_every_step_is_applied_once(connection):
    migrate(connection)
    migrate(connection)
    assert version(connection) == len(migrations())
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert not connection.in_transaction


def test_statements_end_at_semicolons_outside_comments_and_strings():
    script = "-- first; of all\nCREATE TABLE a ( -- a; b\n b TEXT);  -- one; not two\nINSERT INTO a VALUES ('x;\ny');\n"
    assert len(list(statements(script))) == 2
    connection = sqlite3.connect(":memory:")
    for statement in statements(script):
        connection.execute(statement)
    assert connection.execute("SELECT b FROM a").fetchall() == [("x;\ny",)]
    connection.close()


def test_a_later_step_is_applied_to_an_older_file(connection, monkeypatch):
    migrate(connection)
    scripts = (*migrations(), "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;\n")
    monkeypatch.setattr(module, "migrations", lambda: scripts)
    migrate(connection)
    assert version(connection) == len(scripts)
    assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)


def test_a_step_that_fails_leaves_nothing_of_itself(connection, monkeypatch):
    migrate(connection)
    before = version(connection)
    broken = (*migrations(), "CREATE TABLE half (id);\nCREATE TABLE half (id);\n")
    monkeypatch.setattr(module, "migrations", lambda: broken)
    with pytest.raises(sqlite3.OperationalError, match="half"):
        migrate(connection)
    assert version(connection) == before
    assert not connection.in_transaction
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").fetchone() == (0,)


def test_three_processes_that_start_at_once_all_find_the_schema_made_once(tmp_path):
    path = tmp_path / "farthing.db"
    children = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", START, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        out, err = child.communicate(timeout=60)
        assert (out, err, child.returncode) == ("1\n", "", 0)
