"""Erasure: the name is nowhere, the chain holds, and no sum moves."""

import asyncio
import sqlite3

import pytest

from farthing.domain.errors import BadRequest
from support.audited import NOW_MS, audit_of, fill, more_calls, somebody_at_rest


@pytest.fixture
def path(tmp_path):
    fill(tmp_path / "ledger.db")
    return tmp_path / "ledger.db"


@pytest.fixture
def audit(path):
    opened = audit_of(path)
    yield opened
    opened.close()


def sums(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(
            "SELECT unit, count(*), sum(posted), sum(held), sum(unknown), (SELECT sum(cost_nanos) FROM attempt) "
            "FROM account GROUP BY unit"
        ).fetchall()
    finally:
        connection.close()


def places(path, name):
    """The tables in which a name still stands."""
    connection = sqlite3.connect(path)
    try:
        tables = [table for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {table for table in tables for row in connection.execute(f"SELECT * FROM {table}") if name in repr(row)}
    finally:
        connection.close()


def test_a_name_is_gone_and_the_chain_holds(path, audit):
    name, before = somebody_at_rest(path), sums(path)
    seal = audit.seal()
    done = audit.erase("user", name, by=f"{name} at the desk")
    assert places(path, name) == set()
    assert "audit_subject" in places(path, done.pseudonym)
    assert done.rows["call"] > 0
    assert done.rows["account"] == 1
    assert audit.verify(against=seal).findings == ()
    assert sums(path) == before
    assert audit.events(limit=1)[0].action == "audit.erase"


def test_nobody_with_open_calls_is_erased(path, audit):
    connection = sqlite3.connect(path)
    (name,) = connection.execute(
        "SELECT json_extract(labels, '$.user') FROM call JOIN attempt ON attempt.id = call.id + 1 WHERE state < 2"
    ).fetchone()
    connection.close()
    with pytest.raises(BadRequest, match="open"):
        audit.erase("user", name, by="root")
    assert "call" in places(path, name)
    assert audit.verify().whole


def test_only_people_who_are_here_can_be_erased(audit):
    with pytest.raises(BadRequest, match="names no person"):
        audit.erase("team", "a", by="root")
    with pytest.raises(BadRequest, match="nothing here"):
        audit.erase("user", "nobody", by="root")


def test_somebody_who_is_erased_may_come_back(path, audit):
    name = somebody_at_rest(path)
    audit.erase("user", name, by="root")
    with pytest.raises(BadRequest, match="nothing here"):
        audit.erase("user", name, by="root")
    asyncio.run(more_calls(path, NOW_MS + 1))
    assert "call" in places(path, "user ")
    assert audit.verify().findings == ()
