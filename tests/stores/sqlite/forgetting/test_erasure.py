"""Erasure: the name is nowhere, not a byte of it, the chain holds, and no sum moves."""

import asyncio
import sqlite3
import zlib

import msgspec
import pytest

from farthing.domain.budget import Budget, Unit
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.ports.content import Content
from farthing.stores.sqlite.content import SqliteContents, place_of
from farthing.stores.sqlite.directory import SqliteDirectory
from support.audited import NOW_MS, audit_of, fill, more_calls, somebody_at_rest
from support.erased import HOSTILE, SUMS, bytes_left, name_everywhere, user_of_all


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
        return [connection.execute(query).fetchall() for query in SUMS]
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


def directory_of(path):
    return SqliteDirectory(path, now_ms=lambda: NOW_MS)


def test_a_name_is_gone_and_the_chain_holds(path, audit):
    name, before = somebody_at_rest(path), sums(path)
    seal = audit.seal()
    done = audit.erase("user", name, by=f"{name} at the desk")
    assert places(path, name) == set()
    assert "audit_subject" in places(path, done.pseudonym)
    assert done.rows["call"] > 0
    assert done.rows["account"] == 1
    assert done.left == {}
    assert audit.verify(against=seal).findings == ()
    assert sums(path) == before
    assert audit.events(limit=1)[0].action == "audit.erase"


@pytest.mark.parametrize("name", HOSTILE)
def test_not_a_byte_of_a_hostile_name_is_left_in_either_file(path, audit, name):
    user_of_all(path, somebody_at_rest(path), name)
    name_everywhere(path, name)
    audit.seal()
    before = sums(path)
    done = audit.erase("user", name, by="root")
    assert done.left == {}
    assert done.rows["content"] == 1
    assert {"billing_period", "follower", "run", "stored_key", "who", "run_total", "run_part"} <= done.rows.keys()
    assert audit.verify().findings == ()
    assert sums(path) == before
    audit.close()
    assert bytes_left(path, name) == []


def test_sums_that_stand_under_the_pseudonym_already_become_one(path, audit):
    """Calls may be summed between two pages of an erasure."""
    name = somebody_at_rest(path)
    name_everywhere(path, name)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE audit_subject SET pseudonym = 'erased:0' WHERE value = ?", (name,))
    connection.commit()
    connection.close()
    name_everywhere(path, "erased:0")
    before = sums(path)
    assert audit.erase("user", name, by="root").pseudonym == "erased:0"
    assert sums(path) == before
    connection = sqlite3.connect(path)
    (rows,) = connection.execute("SELECT count(*) FROM who WHERE labels LIKE '%erased:0%'").fetchone()
    connection.close()
    assert rows == 1


def test_a_name_that_is_part_of_another_persons_leaves_that_alone(path, audit):
    name = somebody_at_rest(path)
    user_of_all(path, name, "alice")
    connection = sqlite3.connect(path)
    connection.execute(
        "INSERT INTO audit_subject (label, value, salt, commitment) VALUES ('user', 'alice smith', x'', x'')"
    )
    connection.commit()
    connection.close()
    name_everywhere(path, "alice smith")
    before = places(path, "alice smith")
    audit.erase("user", "alice", by="alice smith")
    assert places(path, "alice smith") == before
    assert audit.events(limit=1)[0].by == "alice smith"


def test_a_word_that_means_something_else_stays_and_is_told(path, audit):
    name = somebody_at_rest(path)
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO label_value (name, value) VALUES ('team', ?)", (name,))
    connection.commit()
    connection.close()
    assert audit.erase("user", name, by="root").left == {"label_value": 1}


def test_keys_and_budgets_in_force_that_name_somebody_go_first(path, audit):
    name = somebody_at_rest(path)
    directory = directory_of(path)
    directory.add_key(Key(name="laptop", id="k", digest="d", labels=(("user", name),)), "root")
    directory.put_budget(Budget(name="own", limits=((Unit.USD, 1),), match=(("user", name),)), "root")
    with pytest.raises(BadRequest, match=r"the key 'laptop'.*the budget 'own'"):
        audit.erase("user", name, by="root")
    directory.revoke_key("laptop", "root")
    directory.remove_budget("own", "root")
    directory.close()
    assert audit.erase("user", name, by="root").left == {}
    assert audit.verify().findings == ()


def test_texts_of_their_calls_go_and_those_of_others_stay(path, audit):
    name = somebody_at_rest(path)
    connection = sqlite3.connect(path)
    calls = dict(connection.execute("SELECT id, json_extract(labels, '$.user') = ? FROM call", (name,)))
    connection.close()
    contents = SqliteContents(place_of(path))
    contents.put(tuple(Content(call=call, at_ms=1, request="hello", answer="hi") for call in calls))
    assert audit.erase("user", name, by="root").rows["content"] == sum(calls.values())
    assert {call: contents.of(call) is None for call in calls} == {call: bool(theirs) for call, theirs in calls.items()}
    contents.close()


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


def test_a_closed_month_keeps_its_amounts_under_the_pseudonym(path, audit):
    name = somebody_at_rest(path)
    name_everywhere(path, name)
    done = audit.erase("user", name, by="root")
    connection = sqlite3.connect(path)
    document, packed = connection.execute("SELECT document, lines FROM billing_period").fetchone()
    connection.close()
    lines = zlib.decompress(packed)
    assert done.pseudonym.encode() in lines
    assert msgspec.json.decode(lines)[0][10] == 12_345
    assert len(msgspec.json.decode(document)["digest"]) == 64
