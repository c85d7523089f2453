"""One store of each kind with all its ports, for tests of what they promise together."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.ledger import MemoryLedger
from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.records import SqliteRecords
from support.ledgers import Clock


class Whole(NamedTuple):
    """A ledger, the directory beside it, and the records of both."""

    ledger: MemoryLedger | SqliteLedger
    directory: MemoryDirectory | SqliteDirectory
    records: object

    def durable(self) -> None:
        """Until what was told can be read back."""
        if isinstance(self.ledger, SqliteLedger):
            self.ledger.flush_blocking()


@contextmanager
def whole_store(kind: str, folder: Path, clock: Clock) -> Iterator[Whole]:
    if kind == "memory":
        directory = MemoryDirectory(now_ms=clock)
        ledger = MemoryLedger(clock=clock, directory=directory)
        yield Whole(ledger, directory, ledger.records)
        return
    path = folder / "farthing.db"
    ledger = SqliteLedger.open(path, clock=clock, what="test")
    directory, records = SqliteDirectory(path, now_ms=clock), SqliteRecords(path)
    try:
        yield Whole(ledger, directory, records)
    finally:
        ledger.close_now()
        directory.close()
        records.close()
