"""Simulated power cuts: a file system that remembers every write, and the states a disk may be left in.

What was written before a file's last sync survives. What came after is kept, dropped, torn at sectors and reordered at
random. Acknowledgements stand in the same log as the writes, so that every image knows what had been promised.

SQLite runs here on a file system written in Python, which cannot share memory between connections: so the file is
locked exclusively and all connections of one path are one underneath, taking turns by transaction.
"""

import random
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import apsw

SECTOR = 512


class Write(NamedTuple):
    file: str
    offset: int
    data: bytes


class Truncate(NamedTuple):
    file: str
    size: int


class Sync(NamedTuple):
    file: str


class Delete(NamedTuple):
    file: str


class Ack(NamedTuple):
    """Something was promised to somebody."""

    promise: Any


class Recorder:
    """The log of one run. `connect` stands in for `sqlite3.connect`; `synchronous` may weaken what the ledger asks for."""

    def __init__(self, name: str, synchronous: str = "FULL") -> None:
        self.log: list[Write | Truncate | Sync | Delete | Ack] = []
        self.synchronous = synchronous
        self._vfs = _Vfs(name, self.log)
        self._shared: dict[str, _Shared] = {}

    def ack(self, promise: Any) -> None:
        self.log.append(Ack(promise))

    def connect(self, path: str, **_: Any) -> "Connection":
        shared = self._shared.get(path)
        if shared is None:
            shared = self._shared[path] = _Shared(apsw.Connection(path, vfs=self._vfs.vfs_name))
        return Connection(shared, self.synchronous)

    def close(self) -> None:
        for shared in self._shared.values():
            shared.connection.close()
        self._vfs.unregister()


class _Vfs(apsw.VFS):
    def __init__(self, name: str, log: list) -> None:
        self.vfs_name = name
        self._log = log
        super().__init__(name, "unix")

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's name
        return _File(name, flags, self._log)

    def xDelete(self, name, syncdir):  # noqa: N802 - SQLite's name
        self._log.append(Delete(Path(name).name))
        super().xDelete(name, syncdir)


class _File(apsw.VFSFile):
    def __init__(self, name, flags, log: list) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name if path else ""
        self._log = log if self._name else []
        super().__init__("unix", name, flags)

    def xWrite(self, data, offset):  # noqa: N802 - SQLite's name
        self._log.append(Write(self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size):  # noqa: N802 - SQLite's name
        self._log.append(Truncate(self._name, size))
        super().xTruncate(size)

    def xSync(self, flags):  # noqa: N802 - SQLite's name
        super().xSync(flags)
        self._log.append(Sync(self._name))


class _Shared:
    """One real connection behind all those that the ledger opens."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.turn = threading.RLock()
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")


class Result:
    """The rows of one statement, as a `sqlite3` cursor gives them."""

    def __init__(self, rows: list[tuple], rowcount: int, lastrowid: int) -> None:
        self._rows = iter(rows)
        self.rowcount = rowcount
        self.lastrowid = lastrowid

    def fetchone(self):
        return next(self._rows, None)

    def fetchall(self):
        return list(self._rows)

    def __iter__(self):
        return self._rows


class Connection:
    """What the stores use of `sqlite3.Connection`. `fail` makes the statements that it says True to fail."""

    def __init__(self, shared: _Shared, synchronous: str) -> None:
        self._shared = shared
        self._synchronous = synchronous
        self._began = False
        self.isolation_level = None

    def execute(self, sql: str, values: Any = ()) -> Result:
        if sql.startswith("PRAGMA synchronous ="):
            sql = f"PRAGMA synchronous = {self._synchronous}"
        return self._run(sql, lambda real: list(real.execute(sql, values)))

    def executemany(self, sql: str, many: Any) -> Result:
        return self._run(sql, lambda real: list(real.executemany(sql, many)))

    @property
    def in_transaction(self) -> bool:
        return self._began and self._shared.connection.in_transaction

    @property
    def total_changes(self) -> int:
        return self._shared.connection.total_changes()

    def close(self) -> None:
        """The file stays open underneath until the recorder is closed."""

    def _run(self, sql: str, run) -> Result:
        verb = sql.lstrip()[:8].upper()
        shared = self._shared
        with shared.turn:
            if verb.startswith("BEGIN"):
                shared.turn.acquire()  # kept until COMMIT or ROLLBACK: other connections wait as for a lock
                self._began = True
            real = shared.connection
            before = real.total_changes()
            try:
                return Result(run(real), real.total_changes() - before, real.last_insert_rowid())
            except apsw.Error as error:
                raise _translated(error) from error
            finally:
                if self._began and not real.in_transaction:
                    self._began = False
                    shared.turn.release()


def _translated(error: apsw.Error) -> sqlite3.Error:
    kind = sqlite3.IntegrityError if isinstance(error, apsw.ConstraintError) else sqlite3.OperationalError
    same = kind(str(error))
    same.sqlite_errorcode = getattr(error, "extendedresult", 0)
    return same


@dataclass
class _Disk:
    """One file: what is surely on the disk, and what was asked of it since its last sync."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Write | Truncate] = field(default_factory=list)
    named: bool = False
    """Its name is surely in the directory."""

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.durable, change)
        self.pending.clear()
        self.named = True


class Image(NamedTuple):
    """A disk after a power cut, with what had been promised by then."""

    number: int
    moment: int
    """How much of the log had happened."""
    files: dict[str, bytes]
    promises: list[Any]


def images(log: list, count: int, seed: int, start: dict[str, bytes]) -> Iterator[Image]:
    """So many disks, cut at random moments, every other one right after an acknowledgement. `start`: files that were there."""
    chance = random.Random(seed)
    acks = [moment + 1 for moment, event in enumerate(log) if isinstance(event, Ack)]
    moments = sorted(chance.choice(acks) if n % 2 else chance.randrange(1, len(log) + 1) for n in range(count))
    disks = {name: _Disk(bytearray(content), named=True) for name, content in start.items()}
    promises: list[Any] = []
    happened = 0
    for number, moment in enumerate(moments):
        for event in log[happened:moment]:
            _happen(event, disks, promises)
        happened = moment
        files = {name: bytes(_cut(disk, chance)) for name, disk in disks.items() if disk.named or chance.random() < 0.5}
        yield Image(number, moment, files, list(promises))


def _happen(event: Any, disks: dict[str, _Disk], promises: list) -> None:
    match event:
        case Ack(promise):
            promises.append(promise)
        case Sync(file):
            disks.setdefault(file, _Disk()).sync()
        case Delete(file):
            disks.pop(file, None)
        case Write(file=file) | Truncate(file=file):
            disks.setdefault(file, _Disk()).pending.append(event)


def _cut(disk: _Disk, chance: random.Random) -> bytearray:
    """What the disk holds: all that was synced, and whatever of the rest happened to get there, in whatever order."""
    content = bytearray(disk.durable)
    luck = chance.choice((0.0, 0.3, 0.7, 1.0))
    arrived = [change for change in disk.pending if chance.random() < luck]
    if luck < 1.0:
        chance.shuffle(arrived)
    for change in arrived:
        for piece in _torn(change, chance) if luck < 1.0 and chance.random() < 0.3 else (change,):
            _apply(content, piece)
    return content


def _torn(change: Write | Truncate, chance: random.Random) -> Iterator[Write]:
    """Some sectors of a write."""
    if isinstance(change, Write):
        for at in range(0, len(change.data), SECTOR):
            if chance.random() < 0.5:
                yield Write(change.file, change.offset + at, change.data[at : at + SECTOR])


def _apply(content: bytearray, change: Write | Truncate) -> None:
    match change:
        case Write(_, offset, data):
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data
        case Truncate(_, size):
            del content[size:]
            content.extend(bytes(size - len(content)))
