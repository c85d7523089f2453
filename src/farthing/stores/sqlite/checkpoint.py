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
BUSY_MS = 25
"""How long the end of the log may wait for the right to write; the next copy tries again."""

_log = logging.getLogger("farthing.ledger")


class Checkpointer:
    """Told of each commit by the writer; its thread begins when there is something to copy.

    First everything up to now is copied while commits go on, then, for as long as one commit takes, what was added
    meanwhile: only a log that is copied to its end begins anew. If it cannot keep up, the writer copies for itself once
    the log is as long as its connection allows.
    """

    def __init__(self, path: Path, *, connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(_opened, path, connect))
        self._bell = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._since = 0
        self._every = FIRST_COMMITS

    def committed(self) -> None:
        """By one thread. Takes no time."""
        self._since += 1
        if self._since >= self._every:
            self._since = 0
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="farthing-checkpoint", daemon=True)
                self._thread.start()
            self._bell.release()

    def stop(self) -> None:
        """Let the copy that is under way end, and leave the file."""
        self._stopping = True
        if self._thread is not None:
            self._bell.release()
            self._thread.join()
            self._thread = None
        self._handle.close()

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
            if copied > 0:
                connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if frames > 0:
            self._every = min(max(self._every * PAGES // frames, FEWEST_COMMITS), MOST_COMMITS)


def _opened(path: Path, connect: Connect) -> sqlite3.Connection:
    connection = open_database(path, connect=connect)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return connection
