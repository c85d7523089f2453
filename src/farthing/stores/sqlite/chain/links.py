"""The chain in the ledger's file: links are made inside the transactions of what they speak of, so their order is that
of the file. The head is remembered only while nobody else wrote."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from farthing.audit.entry import GROUP, Kind, digest, encode, pack
from farthing.audit.link import Head, Link, forge
from farthing.audit.subjects import SALT_BYTES, commitment, committed
from farthing.domain.record import Labels

MOST_SUBJECTS = 20_000
"""People whose commitments are remembered between batches; the file has the rest."""

_HEAD = "SELECT seq, hash FROM audit_link ORDER BY seq DESC LIMIT 1"
_ADD = "INSERT INTO audit_link (seq, at_ms, kind, count, prev, root, hash, entries) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_SALT = "INSERT OR REPLACE INTO audit_salt (kind, number, salt) VALUES (?, ?, ?)"
_SUBJECT = (
    "SELECT commitment FROM audit_subject WHERE label = ?1 AND value = ?2 "
    "UNION ALL SELECT commitment FROM audit_subject WHERE label = ?1 AND pseudonym = ?2 AND pseudonym <> ''"
)
_NEW_SUBJECT = "INSERT INTO audit_subject (label, value, salt, commitment) VALUES (?, ?, ?, ?)"


def wall_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Chain:
    """The end of the chain as one connection sees it. Used inside transactions that may write."""

    def __init__(self, now_ms: Callable[[], int] = wall_ms) -> None:
        self._now_ms = now_ms
        self._head: Head | None = None
        self._known: dict[tuple[str, str], bytes] = {}
        self.labelled: dict[Labels, bytes] = {}
        """Labels that were entered lately → as they stand in the chain."""

    def doubt(self) -> None:
        """Somebody else wrote, or what we wrote was undone."""
        self._head = None
        self._known.clear()
        self.labelled.clear()

    def add(self, connection: sqlite3.Connection, kind: str, entries: Sequence[bytes]) -> Link:
        """One more link, of packed entries."""
        head = self._head or head_of(connection)
        link = forge(head, at_ms=self._now_ms(), kind=kind, count=len(entries), entries=b"".join(entries))
        row = (link.seq, link.at_ms, link.kind, link.count, link.prev, link.root, link.hash, link.entries)
        connection.execute(_ADD, row)
        self._head = Head(link.seq, link.hash)
        return link

    def enter(self, connection: sqlite3.Connection, entries: list[bytes], labels: Labels) -> bytes:
        """Labels as they stand in the chain; names that are new to it become entries."""
        entered = encode(committed(labels, partial(self.commitment, connection, entries)))
        if len(self.labelled) >= MOST_SUBJECTS:
            self.labelled.clear()
        self.labelled[labels] = entered
        return entered

    def commitment(self, connection: sqlite3.Connection, entries: list[bytes], label: str, value: str) -> bytes:
        """What stands for a name; the first time it is committed to, which is an entry of its own."""
        known = self._known.get((label, value))
        if known is not None:
            return known
        made = known_commitment(connection, label, value) or _commit(connection, entries, label, value)
        if len(self._known) >= MOST_SUBJECTS:
            self._known.clear()
        self._known[label, value] = made
        return made


def head_of(connection: sqlite3.Connection) -> Head:
    """The last link; `Head()` before the first."""
    found = connection.execute(_HEAD).fetchone()
    return Head() if found is None else Head(found[0], bytes(found[1]))


def known_commitment(connection: sqlite3.Connection, label: str, value: str) -> bytes | None:
    """What stands for a name, or for the pseudonym in its place; None for one that is new."""
    found = connection.execute(_SUBJECT, (label, value)).fetchone()
    return None if found is None else bytes(found[0])


def salt_row(connection: sqlite3.Connection, group: int, number: int, salt: bytes) -> None:
    """From now on this salt goes before that row."""
    connection.execute(_SALT, (group, number, salt))


def salted_entries(
    connection: sqlite3.Connection, kind: Kind, rows: Iterable[tuple[int, Sequence[object]]]
) -> list[bytes]:
    """Entries for rows that may name a person, by their numbers, each behind a fresh salt."""
    salts, entries, group = [], [], GROUP[kind]
    for number, row in rows:
        salt = os.urandom(SALT_BYTES)
        salts.append((group, number, salt))
        entries.append(pack(kind, number, digest(row, salt)))
    if salts:
        connection.executemany(_SALT, salts)
    return entries


def _commit(connection: sqlite3.Connection, entries: list[bytes], label: str, value: str) -> bytes:
    salt = os.urandom(SALT_BYTES)
    made = commitment(salt, label, value)
    number = connection.execute(_NEW_SUBJECT, (label, value, salt, made)).lastrowid
    assert number is not None
    entries.append(pack(Kind.SUBJECT, number, digest((number, label, made, ""))))
    return made
