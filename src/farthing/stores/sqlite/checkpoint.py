"""Copying the log into the file beside the writer: on a connection and a thread of its own, so that no call waits for it."""

import logging
import sqlite3
import threading
from functools import partial
from pathlib import Path

from farthing.domain.errors import FarthingError
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle

PAGES = 1_000
"""About how long the log gets (4 MB) before it is copied."""
FIRST_COMMITS, FEWEST_COMMITS, MOST_COMMITS = 50, 20, 1_000
"""Commits until the first copy, and bounds for what is learned from it about how many make `PAGES`."""

_log = logging.getLogger("farthing.ledger")


class Checkpointer:
    """Told of each commit by the writer; its thread begins when there is something to copy.

    It never holds the writer up, which goes on behind it. A log that was copied to its end begins anew with the next
    commit; at a writer that never rests the log grows until the writer itself copies the little that is left
    (`connect.WRITER_WAL_PAGES`), and all of it where this thread cannot work.
    """

    def __init__(self, path: Path, *, connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(open_database, path, connect=connect))
        self._bell = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._since = 0
        self._every = FIRST_COMMITS
        self._copied = 0

    def committed(self) -> None:
        """By one thread. Takes no time, and never fails."""
        self._since += 1
        if self._since >= self._every:
            self._since = 0
            self._bell.release()
            if self._thread is None:
                self._start()

    def stop(self) -> None:
        """Let the copy that is under way end, and leave the file."""
        self._stopping = True
        if self._thread is not None:
            self._bell.release()
            self._thread.join()
            self._thread = None
        self._handle.close()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="farthing-checkpoint", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the process may have no more threads; the writer does it then
            return
        self._thread = thread

    def _run(self) -> None:
        while True:
            self._bell.acquire()
            if self._stopping:
                return
            try:
                self._copy()
            except (sqlite3.Error, FarthingError) as error:
                _log.warning("the log could not be copied into the ledger's file now: %s", error)

    def _copy(self) -> None:
        with self._handle.idle() as connection:
            _, frames, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        fresh, self._copied = frames - (self._copied if frames > self._copied else 0), copied
        if fresh > 0:
            self._every = min(max(self._every * PAGES // fresh, FEWEST_COMMITS), MOST_COMMITS)
