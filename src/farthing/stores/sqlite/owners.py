"""Owners: who holds money through this file, and whether it still lives. An operating-system lock says so, not a row.

Every open ledger takes the smallest free slot by locking `<db>-owners/<slot>.lock`. The kernel drops the lock with the
process, however it dies, so a lock that can be taken is proof of death. Whoever recovers a dead owner's holds keeps
its lock meanwhile: nobody can take the slot before its past is put in order. **A fresh owner inherits its slot's past**:
open holds found under its own slot, before it made any, are a dead predecessor's.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from farthing.domain.errors import StoreBroken
from farthing.domain.ids import SLOTS


class _Lock:
    """One locked file. The kernel frees the lock when the last copy of the descriptor is closed."""

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        _held.add(self)

    @property
    def held(self) -> bool:
        return self in _held

    def free(self) -> None:
        """Safe to call twice: a descriptor's number is used again by others, so it is closed once only."""
        if self.held:
            _held.discard(self)
            os.close(self.descriptor)


_held: set[_Lock] = set()
"""Every lock this process holds; a forked child closes its copies, or the lock would outlive us in it."""

_TAKE = (
    "INSERT INTO owner (slot, pid, started_ms, what) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (slot) DO UPDATE SET pid = excluded.pid, started_ms = excluded.started_ms, what = excluded.what"
)


class Owner:
    """One slot, held until `release` or the end of the process."""

    __slots__ = ("_lock", "slot")

    def __init__(self, slot: int, lock: _Lock) -> None:
        self.slot = slot
        self._lock = lock

    @classmethod
    def acquire(cls, path: Path, connection: sqlite3.Connection, *, what: str, now_ms: int) -> "Owner":
        """Take the smallest free slot and sign its row. `what` tells people which process it is (`serve`, `sdk`, …).

        Raises StoreBroken when all slots are taken or the lock files cannot be made.
        """
        for slot in range(SLOTS):
            lock = _try_lock(path, slot)
            if lock is not None:
                try:
                    connection.execute(_TAKE, (slot, os.getpid(), now_ms, what))
                except BaseException:
                    lock.free()
                    raise
                return cls(slot, lock)
        raise StoreBroken(f"{SLOTS} ledgers already share {path}; stop some, or let processes share a gateway")

    @property
    def alive(self) -> bool:
        """False after `release`, and in a forked child: its ledger is its parent's and must not be used."""
        return self._lock.held

    def release(self) -> None:
        """Let the slot go. What it still holds is from now on a dead owner's. Safe to call twice."""
        self._lock.free()


@contextmanager
def lock_if_dead(path: Path, slot: int) -> Iterator[bool]:
    """True while we hold the lock of a slot whose owner is dead; False where it lives (or someone else recovers it)."""
    lock = _try_lock(path, slot)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.free()


def largest_id(connection: sqlite3.Connection) -> int:
    """The largest id of any call or attempt, whoever made it; 0 for none. A new `Mint` continues above it."""
    (largest,) = connection.execute(
        "SELECT max(ifnull((SELECT max(id) FROM call), 0), ifnull((SELECT max(id) FROM attempt), 0))"
    ).fetchone()
    assert isinstance(largest, int)
    return largest


def lock_directory(path: Path) -> Path:
    """Where the lock files of a ledger are, whichever of its names was used. They are never removed: see `man flock`."""
    real = path.resolve()
    return real.with_name(f"{real.name}-owners")


def _try_lock(path: Path, slot: int) -> _Lock | None:
    """The slot's lock, or None where someone holds it."""
    directory = lock_directory(path)
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(directory / f"{slot}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreBroken(f"no lock can be made in {directory} ({error.strerror}); check its owner and mode") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError as error:
        os.close(descriptor)
        raise StoreBroken(
            f"{directory} is on a file system without locks ({error.strerror}); use a local disk"
        ) from error
    return _Lock(descriptor)


def _forget_in_child() -> None:
    for lock in tuple(_held):
        lock.free()


os.register_at_fork(after_in_child=_forget_in_child)
