"""The log is copied into the file beside the writer."""

import os
import sqlite3
import threading
import time

import pytest

from farthing.stores.sqlite.connect import WRITER_WAL_PAGES, open_writer
from farthing.stores.sqlite.writing.checkpoint import FIRST_COMMITS, MOST_COMMITS, Checkpointer

ENOUGH_SECONDS = 20


@pytest.fixture
def writer(tmp_path):
    connection = open_writer(tmp_path / "f.db")
    connection.execute("CREATE TABLE t (x)")
    yield connection
    connection.close()


@pytest.fixture
def checkpointer(tmp_path):
    one = Checkpointer(tmp_path / "f.db")
    yield one
    one.stop()


def commit(writer, checkpointer, times):
    for _ in range(times):
        writer.execute("INSERT INTO t VALUES (randomblob(10000))")
        checkpointer.committed(writer)


def until(holds):
    deadline = time.monotonic() + ENOUGH_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def threads():
    """Checkpointers' threads that this test has made: a gateway that other tests share may have its own."""
    before = set(threading.enumerate())
    return lambda: [
        thread for thread in threading.enumerate() if thread.name == "farthing-checkpoint" and thread not in before
    ]


def test_few_commits_make_no_thread(threads, writer, checkpointer):
    commit(writer, checkpointer, FIRST_COMMITS - 1)
    assert not threads()


def test_the_file_gets_what_was_committed_without_the_writer(tmp_path, writer, checkpointer):
    size = os.stat(tmp_path / "f.db").st_size
    commit(writer, checkpointer, FIRST_COMMITS)
    until(lambda: os.stat(tmp_path / "f.db").st_size > size + FIRST_COMMITS * 8_000)
    assert writer.execute("SELECT count(*) FROM t").fetchone() == (FIRST_COMMITS,)


def test_a_log_that_was_copied_to_its_end_begins_anew(tmp_path, writer):
    rounds, rows, row_bytes = 6, 100, 10_000
    for turn in range(1, rounds + 1):
        one = Checkpointer(tmp_path / "f.db")
        for _ in range(rows):
            writer.execute("INSERT INTO t VALUES (randomblob(?))", (row_bytes,))
        for _ in range(MOST_COMMITS):
            one.committed(writer)
        until(lambda: os.stat(tmp_path / "f.db").st_size > turn * rows * row_bytes)  # noqa: B023 - waited for here
        one.stop()  # at the end of the copy
    assert os.stat(tmp_path / "f.db-wal").st_size < rounds * rows * row_bytes / 2


def test_a_file_that_cannot_be_used_is_told_of_and_the_writer_goes_on(tmp_path, writer, caplog):
    def broken(*_, **__):
        raise sqlite3.OperationalError("disk I/O error")

    one = Checkpointer(tmp_path / "f.db", connect=broken)
    try:
        commit(writer, one, FIRST_COMMITS)
        until(lambda: "could not be copied" in caplog.text)
        commit(writer, one, FIRST_COMMITS)
    finally:
        one.stop()


def test_where_no_thread_can_be_made_the_writer_s_own_bound_is_left(threads, writer, checkpointer, monkeypatch):
    def none(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    commit(writer, checkpointer, FIRST_COMMITS)
    assert not threads()
    assert writer.execute("PRAGMA wal_autocheckpoint").fetchone() == (WRITER_WAL_PAGES,)


def test_stopping_twice_is_no_harm(threads, writer, checkpointer):
    commit(writer, checkpointer, FIRST_COMMITS)
    checkpointer.stop()
    checkpointer.stop()
    assert not threads()
