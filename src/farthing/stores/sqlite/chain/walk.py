"""The walk along the chain: each link is held against the one before it, and what it says against the rows."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from farthing.audit.entry import GROUP, NOTHING, Kind, unpack
from farthing.audit.link import Head, Link, flaws
from farthing.domain.ids import show
from farthing.ports.audit import Finding
from farthing.stores.sqlite.chain.floors import Floors
from farthing.stores.sqlite.chain.links import known_commitment
from farthing.stores.sqlite.chain.tables import (
    CALLS,
    NAMED,
    NUMBERED,
    OPENING,
    TABLES,
    Altered,
    Facts,
    Row,
    Table,
    is_dropped,
    row_of,
    rows_of,
)

MOST_FINDINGS = 1_000
PAGE = 20_000
"""Rows read at once."""
_BIGGEST = 2**63 - 1
_SALT = "SELECT salt FROM audit_salt WHERE kind = ? AND number = ?"
_MAY_MISS = frozenset({Kind.CLOSED})
"""Groups whose row may never have been: the end of a call whose beginning was given up while the disk failed."""
_BITS = 6
_SKELETON = OPENING.index("skeleton")


class Said(NamedTuple):
    """The last word on a group of columns."""

    digest: bytes
    seq: int
    at_ms: int


class Walk:
    """One verification. Memory is what is open or wrong, and one chunk; the file may change between two chunks."""

    def __init__(self, connection: sqlite3.Connection, floors: Floors) -> None:
        self._connection = connection
        self.floors = floors
        self.head = floors.before
        self.entries = 0
        self.rows = 0
        self.findings: list[Finding] = []
        self.more = 0
        self._scanned = {table.name: -_BIGGEST for table in NUMBERED}
        self._wrong: dict[int, Said] = {}
        self._unexplained: dict[int, bytes] = {}
        self._named: dict[int, Said] = {}
        self._why: dict[int, str] = {}
        self._bare: set[int] = set()
        """Calls without their skeletons whom no policy named so far."""
        self._known: dict[tuple[str, str], bytes] = {}
        self._facts = Facts(self._commitment, self._salt)

    def find(self, table: str, row: object, what: str, said: Said | None = None) -> None:
        if len(self.findings) >= MOST_FINDINGS:
            self.more += 1
            return
        link, at_ms = (None, None) if said is None else (said.seq, said.at_ms)
        self.findings.append(Finding(table=table, row=str(row), what=what, link=link, at_ms=at_ms))

    # Links

    def carry(self, links: Iterable[Link]) -> None:
        """What links that were dropped by policy had said of rows that stay."""
        said: dict[int, Said] = {}
        for link in links:
            self._hear(link, said)
        self._compare(said)

    def follow(self, links: Iterable[Link]) -> None:
        """The next links of the chain."""
        said: dict[int, Said] = {}
        for link in links:
            here = Said(b"", link.seq, link.at_ms)
            for flaw in flaws(link, self.head):
                self.find("audit_link", link.seq, flaw, here)
            self.head = Head(link.seq, link.hash)
            if link.kind == "carry":
                continue  # heard before, in the place of what was dropped
            self._hear(link, said)
        self._compare(said)

    def _hear(self, link: Link, said: dict[int, Said]) -> None:
        here = Said(b"", link.seq, link.at_ms)
        try:
            entries = list(unpack(link.entries))
        except ValueError as error:
            self.find("audit_link", link.seq, str(error), here)
            return
        if len(entries) != link.count:
            self.find("audit_link", link.seq, f"it has {len(entries)} entries and says {link.count}", here)
        self.entries += len(entries)
        floors = self.floors
        for entry in entries:
            group = GROUP[entry.kind]
            if group >= Kind.FLOOR:
                floors.hear(entry)
            elif not floors.dropped(group, entry.number):
                said[entry.number << _BITS | group] = Said(entry.digest, link.seq, link.at_ms)

    # Rows

    def _compare(self, said: dict[int, Said]) -> None:
        for table in NUMBERED:
            first = table.groups[0].kind
            new = [key >> _BITS for key in said if key & 63 == first]
            if new and max(new) > self._scanned[table.name]:
                self._scan(table, max(new), said)
        for key, word in said.items():
            if not TABLES[Kind(key & 63)].key:
                self._named[key] = word
            elif self._unexplained.pop(key, None) != word.digest:
                self._check(key, word)
            else:
                self._wrong.pop(key, None)

    def _scan(self, table: Table, until: int, said: dict[int, Said]) -> None:
        """Rows that were not seen yet; what agrees with `said` is taken out of it."""
        after = self._scanned[table.name]
        while True:
            page = list(rows_of(self._connection, table, after, until, PAGE))
            for row in page:
                self._see(table, row, said)
            if len(page) < PAGE:
                break
            after = int(page[-1][0])
        self._scanned[table.name] = until

    def _see(self, table: Table, row: Row, said: dict[int, Said]) -> None:
        self.rows += 1
        number = int(row[0])
        if table is CALLS and is_dropped(row[_SKELETON]) and number > self.floors.levels[Kind.SKELETONS_FLOOR]:
            self._bare.add(number)
        for kind, digest in self._digests(table, row, number):
            key = number << _BITS | kind
            word = said.get(key)
            if word is not None and word.digest == digest:
                del said[key]
                self._wrong.pop(key, None)
            elif word is None and digest is not None:
                self._unexplained[key] = digest

    def _check(self, key: int, word: Said) -> None:
        """A row that was seen before: as it is now."""
        if self._agrees(key, word):
            self._wrong.pop(key, None)
        else:
            self._wrong[key] = word

    def _agrees(self, key: int, word: Said) -> bool:
        number, kind = key >> _BITS, Kind(key & 63)
        row = row_of(self._connection, kind, number)
        if row is None:
            return word.digest == NOTHING or kind in _MAY_MISS
        now = dict(self._digests(TABLES[kind], row, number))[kind]
        return now == word.digest or (now is None and word.digest == NOTHING)

    def _digests(self, table: Table, row: Row, number: int) -> list[tuple[Kind, bytes | None]]:
        found: list[tuple[Kind, bytes | None]] = []
        for kind, now in table.groups:
            try:
                found.append((kind, now(row, number, self._facts)))
            except Altered as error:
                self._why[number << _BITS | kind] = str(error)
                found.append((kind, b""))
        return found

    # The end

    def finish(self) -> None:
        """When the last link was followed, in the same transaction."""
        for table in NUMBERED:
            self._scan(table, _BIGGEST, {})
        for key, word in self._wrong.items():
            if not self.floors.dropped(key & 63, key >> _BITS) and not self._agrees(key, word):
                self._accuse(key, word)
        for key in self._unexplained:
            self._unexplain(key)
        for number in self._bare:
            if number > self.floors.levels[Kind.SKELETONS_FLOOR]:
                self.find("call", _shown(CALLS, number), "its skeleton was dropped, and no policy did it")
        for table in NAMED:
            self._compare_named(table)

    def _accuse(self, key: int, word: Said) -> None:
        number, kind = key >> _BITS, Kind(key & 63)
        table = TABLES[kind]
        row = row_of(self._connection, kind, number)
        what = "the row is gone" if row is None else self._why.get(key, f"{_COLUMNS.get(kind, 'its columns')} changed")
        self.find(table.name, _shown(table, number), what, word)

    def _unexplain(self, key: int) -> None:
        number, kind = key >> _BITS, Kind(key & 63)
        if key in self._wrong:
            return
        table = TABLES[kind]
        row = row_of(self._connection, kind, number)
        if row is not None and dict(self._digests(table, row, number))[kind] is not None:
            what = "was dropped by policy and is here" if self.floors.dropped(kind, number) else "no link speaks of it"
            self.find(table.name, _shown(table, number), f"{_COLUMNS.get(kind, 'the row')}: {what}")

    def _compare_named(self, table: Table) -> None:
        for row in self._connection.execute(table.query).fetchall():
            self.rows += 1
            try:
                number = table.number(row, self._facts)
            except Altered as error:
                self.find(table.name, table.called(row), str(error))
                continue
            for kind, digest in self._digests(table, row, number):
                word = self._named.pop(number << _BITS | kind, None)
                if word is None:
                    self.find(table.name, table.called(row), "no link speaks of it")
                elif word.digest != digest:
                    self.find(table.name, table.called(row), "its columns were changed", word)
        kinds = {group.kind for group in table.groups}
        for key, word in self._named.items():
            if key & 63 in kinds and word.digest != NOTHING:
                self.find(table.name, "", "a row is gone", word)

    # What digests need

    def _commitment(self, label: str, value: str) -> bytes:
        known = self._known.get((label, value))
        if known is None:
            known = known_commitment(self._connection, label, value)
            if known is None:
                raise Altered(f"its {label} is a name that nobody committed to")
            if len(self._known) > PAGE:
                self._known.clear()
            self._known[label, value] = known
        return known

    def _salt(self, kind: int, number: int, row: Row) -> bytes:
        if kind == Kind.CLOSED and not row[-1]:
            return b""
        found = self._connection.execute(_SALT, (kind, number)).fetchone()
        return b"" if found is None else bytes(found[0])

    def forget_names(self) -> None:
        """Between two transactions somebody may have been erased."""
        self._known.clear()


_COLUMNS = {
    Kind.OPENED: "its request",
    Kind.CLOSED: "its end",
    Kind.HELD: "its hold",
    Kind.SETTLED: "its settlement",
}


def _shown(table: Table, number: int) -> str:
    return show("call", number) if table.name == "call" else str(number)
