"""Every statement file is one statement that the schema understands."""

import sqlite3
from pathlib import Path

import pytest

from farthing.stores.sqlite import statements
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.statements import sql

NAMES = sorted(path.stem for path in (Path(statements.__file__).parent / "sql").glob("*.sql"))


@pytest.mark.parametrize("name", NAMES)
def test_a_statement_is_understood_by_the_schema(name, tmp_path):
    connection = open_database(tmp_path / "ledger.db")
    try:
        values = (None,) * sql(name).count("?")
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql(name)}", values).fetchall()
    finally:
        connection.close()
    assert isinstance(plan, list)
    assert "--" not in sql(name)


@pytest.mark.parametrize("name", ["attempt_held_by", "attempt_due", "attempt_owners"])
def test_open_holds_are_found_by_their_index_however_long_the_history(name, tmp_path):
    connection = open_database(tmp_path / "ledger.db")
    try:
        values = (1,) * sql(name).count("?")
        steps = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql(name)}", values)]
    finally:
        connection.close()
    assert "attempt_open" in steps[0]


def test_there_is_no_statement_of_another_name():
    with pytest.raises(FileNotFoundError):
        sql("nothing")
    assert sqlite3.complete_statement(sql("probe") + ";")
