"""Suspending and resuming at the command line: in the store, audited, with or without a gateway."""

import pytest

from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.guards import SqliteGuards
from support.shell import asked_json, invoke


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "farthing.db"


def known(path):
    guards = SqliteGuards(path, now_ms=lambda: 1)
    try:
        return guards.known()
    finally:
        guards.close()


def test_a_key_is_suspended_for_a_while_and_resumed(store):
    made = asked_json("keys", "suspend", "bot", "--for", "30", "--why", "a leak")
    assert (made["label"], made["value"], made["why"]) == ("key", "bot", "a leak")
    (found,) = known(store).suspensions
    assert found.subject == ("key", "bot")
    assert found.until_ms is not None
    assert "not suspended any more" in invoke("keys", "resume", "bot").output
    assert known(store).suspensions == ()


def test_who_did_it_is_kept(store):
    invoke("keys", "suspend", "bot")
    connection = open_database(store)
    (row,) = connection.execute("SELECT by, action, subject FROM audit").fetchall()
    connection.close()
    assert row[0].endswith("the command line")
    assert row[1:] == ("suspend", "key bot")


def test_resuming_what_was_not_suspended_says_so(store):
    assert not asked_json("keys", "resume", "bot")["was_suspended"]
    assert "was not suspended" in invoke("keys", "resume", "bot").output


def test_a_time_that_is_none_is_a_mistake_of_writing(store):
    invoke("keys", "suspend", "bot", "--for", "0", code=2)
