"""The covered tables: columns stand as they are written, and each column that is there is covered or known not to be."""

import sqlite3

import pytest

from farthing.stores.sqlite.chain.tables import (
    ATTEMPTS,
    CALLS,
    END,
    HOLD,
    NAMED,
    NUMBERED,
    OPENING,
    is_dropped,
    skeleton_dropped,
)
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.statements import sql
from support.audited import NOT_COVERED


@pytest.mark.parametrize("table", [*NUMBERED, *NAMED], ids=lambda table: table.name)
def test_every_column_is_covered(table, tmp_path):
    connection = open_database(tmp_path / "a.db")
    columns = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table.name})")}
    connection.row_factory = sqlite3.Row
    read = {column[0] for column in connection.execute(table.query).description}
    connection.close()
    summed = {"posted", "held", "unknown"} if table.name == "account" else set()
    assert columns - read - summed == NOT_COVERED.get(table.name, set())


@pytest.mark.parametrize(("statement", "columns"), [("call_add", OPENING), ("attempt_hold", HOLD)])
def test_rows_are_hashed_as_they_are_handed_to_the_statement(statement, columns):
    named = sql(statement).split("(", 1)[1].split(")")[0].replace("\n", " ").split(",")
    assert [name.strip() for name in named if name.strip() != "state"] == list(columns)


def test_an_end_is_hashed_as_it_is_handed_to_the_statement():
    named = [part.split("=")[0].strip() for part in sql("attempt_settle").split("SET")[1].split("WHERE")[0].split(",")]
    assert named == ["state", *END[: END.index("id")]]


def test_what_is_left_of_a_skeleton_is_known_for_what_it_is():
    assert is_dropped(skeleton_dropped(b"{}"))
    assert not is_dropped(b'{"messages":[]}')
    assert (CALLS.name, ATTEMPTS.name) == ("call", "attempt")
