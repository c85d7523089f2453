"""One connection that threads of a process take turns with; none lives through a fork."""

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from farthing.domain.errors import LedgerUnavailable


class Handle:
    """Opens on first use. SQLite's own failures come out as LedgerUnavailable: nothing was changed, try again later."""

    def __init__(self, opens: Callable[[], sqlite3.Connection]) -> None:
        self._opens = opens
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        _handles.add(self)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Several statements that see one moment of the file. Keep it short: the log cannot shrink meanwhile."""
        yield from self._inside("BEGIN")

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction with the right to write from its start; durable when the block ends, nothing if it raises."""
        yield from self._inside("BEGIN IMMEDIATE")

    @contextmanager
    def idle(self) -> Iterator[sqlite3.Connection]:
        """The connection outside of any transaction, for what SQLite does not do inside one."""
        with self._lock:
            if self._connection is None:
                self._connection = self._opens()
            yield self._connection

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _inside(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                self._connection = self._opens()
            connection = self._connection
            try:
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise LedgerUnavailable(
                    f"the store could not be used ({error}) and nothing was changed; check its disk, then try again"
                ) from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _before_fork(self) -> None:
        """Wait for whoever is at it, and close: SQLite in the child would take the parent's locks for its own."""
        self._lock.acquire()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _after_fork(self) -> None:
        self._lock.release()


_handles: "weakref.WeakSet[Handle]" = weakref.WeakSet()
_forking: list[Handle] = []


def _before_fork() -> None:
    for handle in tuple(_handles):
        handle._before_fork()  # noqa: SLF001 - functions of this class in all but name
        _forking.append(handle)


def _after_fork() -> None:
    while _forking:
        _forking.pop()._after_fork()  # noqa: SLF001


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
