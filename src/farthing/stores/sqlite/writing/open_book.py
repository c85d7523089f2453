"""The book on the file: transactions in which remembered balances are believed only while nobody else wrote."""

import contextlib
import sqlite3
import time

from farthing.budgets.account import Balance
from farthing.budgets.book import Book
from farthing.domain.budget import AccountKey, Unit
from farthing.stores.sqlite import stored
from farthing.stores.sqlite.chain.links import Chain
from farthing.stores.sqlite.connect import BUSY_SECONDS
from farthing.stores.sqlite.statements import sql
from farthing.stores.sqlite.sums.spans import Horizon
from farthing.stores.sqlite.writing import rows
from farthing.stores.sqlite.writing.journal import Journal

MOST_ACCOUNTS = 50_000
"""Accounts remembered between batches; the file has the rest."""
ASK_AGAIN_SECONDS = 0.001
"""How soon to ask again for the right to write while another process has it."""


def is_busy(error: Exception) -> bool:
    """Whether another process was in the way: nothing is wrong with the file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class OpenBook:
    """One connection, one book, one owner. Used by one thread at a time."""

    def __init__(self, book: Book, owner: int) -> None:
        """The book must ask `fetch` for balances. Call `use` before anything else."""
        self.book = book
        self.directory_version = 0
        """As of the last transaction; a change means that keys, budgets, grants or gates may have changed."""
        self._owner = owner
        self._connection: sqlite3.Connection | None = None
        self._chain = Chain()
        self._data_version = -1
        self._names: dict[int, AccountKey] = {}
        self._journal: Journal
        self._past = Horizon(0, 0, 0)
        self._not_ours: list[int] = []
        """Attempts that are unknown after this batch: the file's alone from then on, any process may end them."""

    @property
    def connection(self) -> sqlite3.Connection:
        assert self._connection is not None, "the desk has no connection"
        return self._connection

    @property
    def connected(self) -> bool:
        return self._connection is not None

    def use(self, connection: sqlite3.Connection) -> None:
        """Work with this connection from now on; nothing remembered is believed."""
        connection.execute("PRAGMA busy_timeout = 0")
        self._connection = connection
        self._journal = Journal(connection, self.book, self._owner, self._chain)
        self._data_version = -1

    def disconnect(self) -> None:
        """Close the connection, if there is one. Waiters stay."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def outdated(self) -> bool:
        """Whether another connection has changed the file since the last batch. Cheap; needs no transaction."""
        try:
            return self._version() != self._data_version
        except sqlite3.OperationalError as error:
            if is_busy(error):
                return True
            raise

    def name(self, number: int) -> AccountKey:
        """The account with this number in the file."""
        known = self._names.get(number)
        if known is None:
            budget, value, unit, window = self.connection.execute(sql("account_name"), (number,)).fetchone()
            if len(self._names) >= MOST_ACCOUNTS:
                self._names.clear()
            known = self._names[number] = AccountKey(budget, value, Unit(unit), window)
        return known

    def fetch(self, key: AccountKey) -> Balance:
        """The account's row, or nothing yet."""
        row = self.connection.execute(sql("account_find"), tuple(map(str, key))).fetchone()
        return Balance() if row is None else Balance(*row)

    def find(self, attempt: int) -> rows.Found | None:
        row = self.connection.execute(sql("attempt_find"), (attempt,)).fetchone()
        return None if row is None else rows.found(row, self.name)

    def _begin(self) -> None:
        self._take_turn()
        version = self._version()
        if version != self._data_version:
            self._data_version = version
            self._chain.doubt()
            self._past = Horizon.read(self.connection)
            self.book.doubt()
            self._look_at_directory()

    def _take_turn(self) -> None:
        """Begin with the right to write. SQLite's own waiting backs off to 100 ms a time, which starves whoever is
        behind a busy process; asking every millisecond is as good as a queue and costs next to nothing."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self.connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(ASK_AGAIN_SECONDS)

    def _look_at_directory(self) -> None:
        """Limits and gates bind as they stand in the file now: a change that is committed decides from here on."""
        connection = self.connection
        (version,) = connection.execute(sql("directory_version")).fetchone()
        if version != self.directory_version:
            self.book.gates = {name for (name,) in connection.execute(sql("gate_closed"))}
            self.book.adopt_stored(stored.budgets(connection), stored.grants(connection))
            self.directory_version = version

    def _commit(self) -> None:
        self._write()
        self.connection.execute("COMMIT")
        while self._not_ours:
            hold = self.book.holds.get(attempt := self._not_ours.pop())
            if hold is not None and hold.unknown:
                self.book.forget(attempt)
        self.book.slim(MOST_ACCOUNTS)

    def _write(self) -> None:
        self._journal.write(self._past)
        self._journal = Journal(self.connection, self.book, self._owner, self._chain)

    def _version(self) -> int:
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        assert isinstance(version, int)
        return version
