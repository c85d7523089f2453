"""What one batch of the ledger says in the chain. The rows that are written are what is hashed; only what is rare is
read back. Costs the writer some 4 µs a call."""

import sqlite3
from collections.abc import Iterable
from functools import partial
from hashlib import sha256

from farthing.audit.entry import NOTHING, Kind, digest, encode, pack
from farthing.domain.record import Labels
from farthing.stores.sqlite.chain.links import Chain, salted_entries
from farthing.stores.sqlite.chain.tables import END, ENDING, Row, end_digest, opened_digest, row_of, text_number

_OPENED, _HELD, _SETTLED = int(Kind.OPENED), int(Kind.HELD), int(Kind.SETTLED)
_UNSALT = "DELETE FROM audit_salt WHERE kind = ? AND number = ?"
_COMMITMENT = "SELECT commitment FROM audit_subject WHERE id = ?"
_DETAIL = ENDING.index("detail")
_END = f"SELECT {', '.join(END)} FROM attempt WHERE id = ?"  # noqa: S608 - names of our own


class Batch:
    """Gathered while a batch is written, in the order in which it is; `link` ends it."""

    def __init__(self, connection: sqlite3.Connection, chain: Chain) -> None:
        self._connection = connection
        self._chain = chain
        self._entries: list[bytes] = []

    # One digest a row, with nothing called that need not be: every call passes through these.

    def opened(self, rows: Iterable[tuple[Row, Labels]]) -> None:
        """Calls as `rows.opening` writes them, with their labels."""
        add, labelled = self._entries.append, self._chain.labelled
        for row, labels in rows:
            entered = labelled.get(labels)
            if entered is None:
                entered = self._chain.enter(self._connection, self._entries, labels)
            add(pack(_OPENED, row[0], opened_digest(row, entered)))

    def held(self, rows: Iterable[Row]) -> None:
        """Attempts as `rows.held` writes them."""
        self._entries += [pack(_HELD, row[0], sha256(encode(row)).digest()) for row in rows]

    def settled(self, rows: Iterable[Row]) -> None:
        """Attempts as `rows.settled` writes them, whose holds were never unknown."""
        self._entries += [pack(_SETTLED, row[-1], sha256(encode(row)).digest()) for row in rows]

    def closed(self, kind: int, rows: Iterable[Row]) -> None:
        """Ends of calls as `call_close` takes them."""
        self._entries += [pack(kind, row[-1], sha256(encode(row)).digest()) for row in rows if not row[_DETAIL]]
        worded = [(row[-1], row) for row in rows if row[_DETAIL]]
        if worded:
            self._entries += salted_entries(self._connection, Kind(kind), worded)

    def ended(self, kind: Kind, attempts: Iterable[int]) -> None:
        """Attempts whose end leaves columns of an earlier one: read back."""
        for attempt in attempts:
            row = self._connection.execute(_END, (attempt,)).fetchone()
            self._entries.append(pack(kind, attempt, end_digest(row)))

    def accounts(self, rows: Iterable[Row]) -> None:
        """New accounts: number, budget, value, unit, window."""
        self._entries += salted_entries(self._connection, Kind.ACCOUNT, ((row[0], row) for row in rows))

    def touched(self, kind: Kind, *key: str | int) -> None:
        """A row of another table, as it stands now."""
        row = row_of(self._connection, kind, *key)
        first, *rest = key
        number = first if isinstance(first, int) else self._number(first, "".join(map(str, rest)))
        if row is None:
            self._connection.execute(_UNSALT, (kind, number))
            self._entries.append(pack(kind, number, NOTHING))
        else:
            self._entries += salted_entries(self._connection, kind, [(number, row)])

    def forgotten(self, subject: int, label: str, pseudonym: str) -> None:
        """Somebody whose name and salt are gone."""
        (made,) = self._connection.execute(_COMMITMENT, (subject,)).fetchone()
        self._entries.append(pack(Kind.SUBJECT, subject, digest((subject, label, made, pseudonym))))

    def _number(self, name: str, value: str) -> int:
        """The number of a row that is named by text. A person's name is never what it is made of."""
        return text_number(name, value, partial(self._chain.commitment, self._connection, self._entries))

    def link(self, kind: str = "batch") -> None:
        """Nothing where there was nothing to say."""
        if self._entries:
            self._chain.add(self._connection, kind, self._entries)
