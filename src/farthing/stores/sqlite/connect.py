"""Opening the ledger's file: how a connection is set up, and which files are refused with what to do about it."""

import contextlib
import errno
import os
import sqlite3
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from farthing.domain.errors import StoreBroken
from farthing.stores.sqlite.chain.begin import begin
from farthing.stores.sqlite.migrate import migrate

Connect = Callable[..., Any]
"""`sqlite3.connect` or something that takes the same arguments and returns the same kind of connection."""

BUSY_SECONDS = 5.0
"""How long a statement waits for another process's transaction before it fails."""
OLDEST_SQLITE = (3, 37, 0)
"""The first with STRICT tables."""
WAL_PAGES = 1_000
"""The commit that finds the log this long (4 MB) copies it into the file."""
WRITER_WAL_PAGES = 2 * WAL_PAGES
"""The same for the ledger's writer, who has somebody else do it (`checkpoint.py`): a bound, should that one not keep up."""

_EVERY_CONNECTION = ("PRAGMA foreign_keys = OFF", "PRAGMA trusted_schema = OFF", "PRAGMA temp_store = MEMORY")
_WRITING = (
    "PRAGMA synchronous = FULL",  # with WAL: a commit returns after its fsync
    "PRAGMA fullfsync = ON",  # macOS: fsync alone does not reach the disk there; no effect elsewhere
    f"PRAGMA wal_autocheckpoint = {WAL_PAGES}",
    "PRAGMA journal_size_limit = 16777216",
    "PRAGMA cache_size = -8192",  # KiB: the pages that the next calls write again are not read back from the log
)
_WRITER_COPIES = f"PRAGMA wal_autocheckpoint = {WRITER_WAL_PAGES}"
_OVER_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.glusterfs"}
)


def open_database(path: Path, *, connect: Connect = sqlite3.connect) -> sqlite3.Connection:
    """A writing connection in autocommit mode, the schema brought up to date; the file is made where there is none.

    The file is made readable by its owner alone. May be used from any one thread at a time. Raises StoreBroken with
    what to do when the path cannot hold a ledger: a directory, another program's file, a newer Farthing's, damaged,
    read-only, locked for longer than `BUSY_SECONDS`, or on a network file system.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreBroken(f"SQLite {sqlite3.sqlite_version} is too old; Farthing needs 3.37 or newer")
    _make_ready(path)
    connection = _connect(path, connect)
    try:
        _within(path, lambda: _prepare(connection))
    except BaseException:
        connection.close()
        raise
    return connection


def open_writer(path: Path, *, connect: Connect = sqlite3.connect) -> sqlite3.Connection:
    """As `open_database`, for the ledger's writer."""
    connection = open_database(path, connect=connect)
    connection.execute(_WRITER_COPIES)
    return connection


def open_reader(path: Path, *, connect: Connect = sqlite3.connect) -> sqlite3.Connection:
    """A connection for reports: it cannot write and never makes a file. Raises StoreBroken as `open_database` does."""
    if not path.exists():
        raise StoreBroken(f"there is no ledger at {path}; start `farthing serve` once, or name the right file")
    open_database(path, connect=connect).close()  # an older file is brought up to date first
    connection = _connect(path, connect)
    for pragma in (*_EVERY_CONNECTION, "PRAGMA query_only = ON"):
        connection.execute(pragma)
    return connection


def _make_ready(path: Path) -> None:
    if path.is_dir():
        raise StoreBroken(f"{path} is a directory; name a file, like {path / 'farthing.db'}")
    if not path.parent.is_dir():
        raise StoreBroken(f"there is no directory {path.parent} to keep the ledger in; make it first")
    kind = file_system(path.resolve().parent)
    if kind in _OVER_NETWORK:
        raise StoreBroken(
            f"{path} is on a network file system ({kind}), where locks and fsync cannot be trusted with money; "
            "name a file on a local disk"
        )
    try:
        _create(path)
    except OSError as error:
        raise StoreBroken(
            f"{path} cannot be opened for writing ({error.strerror}); check its owner and mode"
        ) from error


def _create(path: Path) -> None:
    """Make the file if need be, its name in the directory durable, and prove that it may be written.

    A file that is there is asked about, never opened: closing any descriptor of it would drop every POSIX lock this
    process has on it. Another process that closes its connection would then take itself for the last one and remove the
    log, with all that is acknowledged in it, under our feet (sqlite.org/howtocorrupt.html, 2.2).
    """
    if path.exists():
        if not stat.S_ISREG(path.stat().st_mode):
            raise StoreBroken(f"{path} is not a regular file; name another")
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return
    with contextlib.suppress(FileExistsError):  # somebody was quicker
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    directory = os.open(path.resolve().parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _connect(path: Path, connect: Connect) -> sqlite3.Connection:
    connection: sqlite3.Connection = connect(
        str(path), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    for pragma in _EVERY_CONNECTION:
        connection.execute(pragma)
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # reads the header: is it a database at all?
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreBroken(
            f"SQLite cannot keep a write-ahead log here (journal mode {mode}); name a file on a local disk"
        )
    for pragma in _WRITING:
        connection.execute(pragma)
    migrate(connection)
    begin(connection)


def _within(path: Path, prepare: Callable[[], None]) -> None:
    """Run `prepare` until it is not busy: several processes may start at once, and turning WAL on does not queue."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return prepare()
        except StoreBroken as error:
            raise StoreBroken(f"{path}: {error}") from error
        except sqlite3.Error as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise _explained(path, error) from error
            time.sleep(0.01)


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _explained(path: Path, error: sqlite3.Error) -> StoreBroken:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_NOTADB:
            return StoreBroken(f"{path} is not a SQLite database; name another file, or move this one away")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBroken(f"{path} is locked by another program; stop it (try `fuser {path}`) and start again")
        case sqlite3.SQLITE_CORRUPT:
            return StoreBroken(f"{path} is damaged ({error}); restore a backup, or keep it and run `farthing doctor`")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return StoreBroken(f"{path} cannot be written ({error}); check the mode of the file and of its directory")
        case sqlite3.SQLITE_FULL:
            return StoreBroken(f"the disk that holds {path} is full; free some space and start again")
        case _:
            return StoreBroken(f"{path} cannot be opened ({error}); check the disk and the file's mode")


def file_system(directory: Path) -> str:
    """The type of file system a directory is on, as Linux names it; "" where it cannot be told."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    best, kind = "", ""
    for line in mounts.splitlines():
        _, place, its_kind, *_ = line.split(" ")
        place = place.replace("\\040", " ")
        if directory.is_relative_to(place) and len(place) >= len(best):
            best, kind = place, its_kind
    return kind
