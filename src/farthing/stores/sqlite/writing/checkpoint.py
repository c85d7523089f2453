"""Copying the log into the file beside the writer: on a connection and a thread of its own, so that no call waits for it."""

import logging
import sqlite3
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

from farthing.domain.errors import FarthingError
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle

PAGES = 1_000
"""About how long the log gets (4 MB) before it is copied."""
FIRST_COMMITS, FEWEST_COMMITS, MOST_COMMITS = 50, 20, 1_000
"""Commits until the first copy, and bounds for what is learned from it about how many make `PAGES`."""

_COPY = "PRAGMA wal_checkpoint(PASSIVE)"

_log = logging.getLogger("farthing.ledger")


class Checkpointer:
    """Told of each commit by the writer; its thread begins when there is something to copy.

    Only a log that is copied to its end begins anew, and the writer goes on meanwhile: what it added it copies itself as
    soon as the rest is done, between two commits. Where this thread cannot work, the writer's connection copies all of
    the log once that is twice as long (`connect.WRITER_WAL_PAGES`).
    """

    def __init__(self, path: Path, *, connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(open_database, path, connect=connect))
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._since = 0
        self._every = FIRST_COMMITS
        self._nearly = False

    def committed(self, writer: sqlite3.Connection) -> None:
        """By the writer's thread, outside of any transaction. Never fails."""
        if self._nearly:
            self._nearly = False
            with suppress(sqlite3.Error):  # a disk that fails is noticed by the next commit
                writer.execute(_COPY).fetchone()
        self._since += 1
        if self._since >= self._every:
            self._since = 0
            self._wanted.set()
            if self._thread is None:
                self._start()

    def stop(self) -> None:
        """Let the copy that is under way end, and leave the file."""
        self._stopping = True
        if self._thread is not None:
            self._wanted.set()
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
            self._wanted.wait()
            self._wanted.clear()
            if self._stopping:
                return
            try:
                self._copy()
            except (sqlite3.Error, FarthingError) as error:
                _log.warning("the log could not be copied into the ledger's file now: %s", error)

    def _copy(self) -> None:
        with self._handle.idle() as connection:
            _, frames, _ = connection.execute(_COPY).fetchone()
        if frames > 0:
            self._every = min(max(self._every * PAGES // frames, FEWEST_COMMITS), MOST_COMMITS)
            self._nearly = True
