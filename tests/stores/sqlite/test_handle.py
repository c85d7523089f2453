"""A connection that threads share: in turns, all or nothing, and never across a fork."""

import os
import sqlite3
import threading

import pytest

from farthing.domain.errors import BadRequest, LedgerUnavailable
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.handle import Handle


@pytest.fixture
def path(tmp_path):
    return tmp_path / "farthing.db"


@pytest.fixture
def handle(path):
    handle = Handle(lambda: open_database(path))
    yield handle
    handle.close()


def put(connection, name: str) -> None:
    connection.execute("INSERT INTO meta VALUES (?, '')", (name,))


def names(handle) -> list[str]:
    with handle.reading() as connection:
        return [name for (name,) in connection.execute("SELECT name FROM meta WHERE value = '' ORDER BY name")]


def test_nothing_is_opened_before_it_is_used(path):
    handle = Handle(lambda: open_database(path))
    handle.close()
    assert not path.exists()


def test_a_block_that_ends_is_kept_and_one_that_raises_leaves_nothing(handle):
    with handle.changing() as connection:
        put(connection, "kept")

    def refused():
        with handle.changing() as connection:
            put(connection, "dropped")
            raise BadRequest("no")

    with pytest.raises(BadRequest):
        refused()
    assert names(handle) == ["kept"]


def test_a_failure_of_the_file_is_told_as_such_and_leaves_nothing(handle):
    def put_twice():
        with handle.changing() as connection:
            put(connection, "dropped")
            put(connection, "dropped")  # breaks the primary key

    with pytest.raises(LedgerUnavailable, match="nothing was changed"):
        put_twice()
    assert names(handle) == []


def test_a_read_sees_one_moment(path, handle):
    other = open_database(path)
    with handle.reading() as connection:
        assert connection.execute("SELECT count(*) FROM meta").fetchone() == (1,)
        put(other, "meanwhile")
        assert connection.execute("SELECT count(*) FROM meta").fetchone() == (1,)
    assert names(handle) == ["meanwhile"]
    other.close()


def test_threads_take_turns(handle):
    def put_many(letter):
        for number in range(20):
            with handle.changing() as connection:
                put(connection, f"{letter}{number}")

    threads = [threading.Thread(target=put_many, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(handle)) == 80


def test_a_locked_file_is_reported_and_the_next_try_works(path, handle):
    names(handle)
    handle._connection.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailable, match="locked"), handle.changing():
        pass
    other.execute("ROLLBACK")
    other.close()
    with handle.changing() as connection:
        put(connection, "later")
    assert names(handle) == ["later"]


def test_parent_and_forked_child_each_go_on_with_a_connection_of_their_own(handle):
    names(handle)
    pid = os.fork()
    if pid == 0:
        with handle.changing() as connection:
            put(connection, "child")
        os._exit(0)
    with handle.changing() as connection:
        put(connection, "parent")
    assert os.waitpid(pid, 0)[1] == 0
    assert names(handle) == ["child", "parent"]


def test_a_fork_waits_for_the_thread_that_is_in_the_middle_of_a_change(handle):
    begun, go_on = threading.Event(), threading.Event()

    def change():
        with handle.changing() as connection:
            put(connection, "first half")
            begun.set()
            go_on.wait(10)
            put(connection, "second half")

    thread = threading.Thread(target=change)
    thread.start()
    begun.wait(10)
    threading.Timer(0.05, go_on.set).start()
    pid = os.fork()
    if pid == 0:
        os._exit(0 if names(handle) == ["first half", "second half"] else 1)
    assert os.waitpid(pid, 0)[1] == 0
    thread.join()


def test_after_closing_it_opens_again(handle):
    with handle.changing() as connection:
        put(connection, "before")
    handle.close()
    assert names(handle) == ["before"]
