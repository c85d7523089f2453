"""Opening the ledger's file: how it is set up, and every file that is refused with what to do."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from farthing.domain.errors import StoreBroken
from farthing.stores.sqlite import connect
from farthing.stores.sqlite.connect import file_system, open_database, open_reader


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "farthing.db"


def pragma(connection: sqlite3.Connection, name: str):
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_file_is_private_durable_and_in_autocommit(path):
    connection = open_database(path)
    assert connection.isolation_level is None
    assert pragma(connection, "journal_mode") == "wal"
    assert pragma(connection, "synchronous") == 2  # FULL
    assert pragma(connection, "busy_timeout") == 5_000
    assert pragma(connection, "foreign_keys") == 0
    connection.execute("INSERT INTO meta VALUES ('a', 'b')")
    for name in ("farthing.db", "farthing.db-wal", "farthing.db-shm"):
        assert stat.S_IMODE(path.with_name(name).stat().st_mode) == 0o600, name
    connection.close()


def test_opening_again_keeps_what_is_there_and_the_mode_its_owner_chose(path):
    first = open_database(path)
    first.execute("INSERT INTO meta VALUES ('a', 'b')")
    first.close()
    path.chmod(0o640)
    again = open_database(path)
    assert again.execute("SELECT value FROM meta WHERE name = 'a'").fetchone() == ("b",)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    again.close()


def test_a_reader_cannot_write_and_sees_what_is_committed(path):
    writer = open_database(path)
    reader = open_reader(path)
    writer.execute("INSERT INTO meta VALUES ('a', 'b')")
    assert reader.execute("SELECT value FROM meta WHERE name = 'a'").fetchone() == ("b",)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM meta")
    reader.close()
    writer.close()


def test_a_reader_of_no_file_makes_none(path):
    with pytest.raises(StoreBroken, match=r"there is no ledger at .*farthing\.db"):
        open_reader(path)
    assert not path.exists()


def test_the_log_is_copied_into_the_file_before_it_grows_long(path):
    writer = open_database(path)
    for number in range(30):
        writer.execute("INSERT INTO meta VALUES (?, ?)", (str(number), "x" * 1_000_000))
    assert path.with_name("farthing.db-wal").stat().st_size < 20_000_000
    assert path.stat().st_size > 15_000_000
    writer.close()


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(StoreBroken, match=r"is a directory; name a file, like .*farthing\.db"):
        open_database(tmp_path)


def test_a_missing_directory_is_refused(tmp_path):
    with pytest.raises(StoreBroken, match="make it first"):
        open_database(tmp_path / "none" / "farthing.db")


def test_a_device_or_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreBroken, match="not a regular file"):
        open_database(tmp_path / "pipe")


def test_a_text_file_is_refused_and_left_as_it_was(path):
    path.write_text("these are notes, " * 100)
    with pytest.raises(StoreBroken, match="is not a SQLite database; name another file"):
        open_database(path)
    assert path.read_text() == "these are notes, " * 100


def test_another_programs_database_is_refused_and_gets_no_table(path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE photos (id)")
    other.close()
    with pytest.raises(StoreBroken, match="another program's database"):
        open_database(path)
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_schema").fetchall() == [("photos",)]


def test_another_programs_numbered_database_is_refused(path):
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 1")
    other.execute("CREATE TABLE photos (id)")
    other.close()
    with pytest.raises(StoreBroken, match="another program's database"):
        open_database(path)


def test_a_newer_schema_is_refused_with_both_numbers(path):
    newer = open_database(path)
    newer.execute("PRAGMA user_version = 999")
    newer.close()
    for opens in (open_database, open_reader):
        with pytest.raises(StoreBroken, match=r"schema 999, made by a newer Farthing; this one knows up to \d+"):
            opens(path)


def test_a_damaged_file_is_refused(path):
    connection = open_database(path)
    connection.close()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4_000)
    with pytest.raises(StoreBroken, match="is damaged"):
        open_database(path)


def test_a_file_locked_by_another_program_is_refused_after_the_wait(path, monkeypatch):
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE t (a)")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBroken, match=r"is locked by another program; stop it"):
        open_database(path)
    other.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_a_read_only_file_is_refused(path):
    open_database(path).close()
    path.chmod(0o400)
    with pytest.raises(StoreBroken, match="cannot be opened for writing"):
        open_database(path)


def test_a_network_file_system_is_refused(path, monkeypatch):
    monkeypatch.setattr(connect, "file_system", lambda directory: "nfs4")
    with pytest.raises(StoreBroken, match=r"on a network file system \(nfs4\)"):
        open_database(path)
    assert not path.exists()


def test_the_file_system_of_proc_is_known():
    assert file_system(Path("/proc/self")) in {"proc", ""}  # "" where there is no /proc/self/mounts
