"""Seals in the ledger's file: a stretch of the chain is counted in short reads, then sealed in one transaction."""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from farthing.audit.entry import ENTRY_BYTES, Kind, digest, encode, pack, unpack
from farthing.audit.link import Head
from farthing.audit.seal import can_sign_for_others, document, read_seal, sign
from farthing.domain.seal import Body, Seal, Total
from farthing.stores.sqlite.chain.links import Chain, head_of
from farthing.stores.sqlite.handle import Handle

SECRET, SEED, LEDGER = "audit_secret", "audit_seed", "audit_ledger"
"""Names in `meta`: what seals are signed with, and which ledger this is."""
LINKS_AT_ONCE = 2_000
ACCOUNTS_AT_ONCE = 1_000

_LAST = "SELECT document FROM audit_seal ORDER BY number DESC LIMIT 1"
_ALL = "SELECT document FROM audit_seal ORDER BY number"
_LINKS = "SELECT seq, entries FROM audit_link WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
_KIND = "SELECT kind FROM audit_link WHERE seq = ?"
_KEPT = "SELECT value FROM meta WHERE name = ?"
_KEEP = "INSERT OR IGNORE INTO meta (name, value) VALUES (?, ?)"
_TOTALS = "SELECT unit, count(*), sum(posted), sum(held), sum(unknown) FROM account GROUP BY unit ORDER BY unit"
_BALANCES = "SELECT id, posted, held, unknown FROM account ORDER BY id"
_CALLS = frozenset({Kind.OPENED, Kind.HELD, Kind.REFUSED})


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the chain, counted."""

    first: int
    head: Head
    entries: dict[str, int]
    through_call: int
    through_event: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What all accounts stand at."""

    totals: tuple[Total, ...]
    balances: str
    """SHA-256 over the MessagePack of each account's number, posted, held and unknown, by number."""


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """How seals are made here."""

    seed: bytes | None = None
    """The Ed25519 key, where the configuration names one; else one is kept in the store."""
    to: Path | None = None
    """A directory or a file that every seal is written to as well."""


def seals_of(connection: sqlite3.Connection) -> tuple[Seal, ...]:
    """Raises ValueError where one cannot be read."""
    return tuple(read_seal(text) for (text,) in connection.execute(_ALL))


def last_seal(connection: sqlite3.Connection) -> Seal | None:
    found = connection.execute(_LAST).fetchone()
    return None if found is None else read_seal(found[0])


def make_seal(handle: Handle, sealing: Sealing, now_ms: Callable[[], int]) -> Seal | None:
    """Seal what was written since the last seal; None where that is nothing."""
    with handle.reading() as connection:
        before, head = last_seal(connection), head_of(connection)
        after = before.body.last if before else 0
        if head.seq == after + 1 and before and connection.execute(_KIND, (head.seq,)).fetchone() == ("seal",):
            return None
        standing = _standing(connection)  # nobody waits for one who reads
    counted = _count(handle, after, head)
    with handle.changing() as connection:
        if (latest := last_seal(connection)) != before:
            return latest  # somebody else was quicker
        body = _body(connection, counted, standing, before, now_ms())
        seal = sign(body, kept(connection, SECRET), _seed(connection, sealing))
        connection.execute("INSERT INTO audit_seal (number, document) VALUES (?, ?)", (body.number, document(seal)))
        entry = pack(Kind.SEAL, body.number, digest((body.number, document(seal))))
        Chain(now_ms).add(connection, "seal", [entry])
    if sealing.to is not None:
        write_seal(seal, sealing.to)
    return seal


def write_seal(seal: Seal, to: Path) -> Path:
    """A copy: into a directory as `seal-000001.json`, else at the end of the file, one seal a line. Raises OSError."""
    path = to / f"seal-{seal.body.number:06}.json" if to.is_dir() else to
    with path.open("w" if to.is_dir() else "a", encoding="utf-8") as file:
        file.write(document(seal) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def kept(connection: sqlite3.Connection, name: str, length: int = 32) -> bytes:
    """A secret of this store, made at first use. In a transaction that may write, or where it was made before."""
    found = connection.execute(_KEPT, (name,)).fetchone()
    if found is None:
        connection.execute(_KEEP, (name, os.urandom(length).hex()))
        found = connection.execute(_KEPT, (name,)).fetchone()
    return bytes.fromhex(found[0])


def _seed(connection: sqlite3.Connection, sealing: Sealing) -> bytes | None:
    if not can_sign_for_others():
        return None
    return sealing.seed or kept(connection, SEED)


def _count(handle: Handle, after: int, head: Head) -> Counted:
    kinds: Counter[int] = Counter()
    call = event = first = 0
    for seq, entries in _links(handle, after, head.seq):
        first = first or seq
        kinds.update(entries[::ENTRY_BYTES])
        for entry in unpack(entries):
            if entry.kind in _CALLS:
                call = max(call, entry.number)
            elif entry.kind == Kind.EVENT:
                event = max(event, entry.number)
    named = {Kind(kind).name.lower(): count for kind, count in sorted(kinds.items())}
    return Counted(first=first, head=head, entries=named, through_call=call, through_event=event)


def _links(handle: Handle, after: int, until: int) -> Iterator[tuple[int, bytes]]:
    while True:
        with handle.reading() as connection:
            page = connection.execute(_LINKS, (after, until, LINKS_AT_ONCE)).fetchall()
        yield from page
        if len(page) < LINKS_AT_ONCE:
            return
        after = page[-1][0]


def _body(
    connection: sqlite3.Connection, counted: Counted, standing: Standing, before: Seal | None, now_ms: int
) -> Body:
    head = counted.head
    earlier = before.body if before else None
    return Body(
        ledger=kept(connection, LEDGER, 8).hex(),
        number=earlier.number + 1 if earlier else 1,
        first=counted.first,
        last=head.seq,
        links=head.seq - counted.first + 1,
        entries=counted.entries,
        head=head.hash.hex(),
        before=sha256(document(before).encode()).hexdigest() if before else "",
        sealed_ms=now_ms,
        through_call=max(counted.through_call, earlier.through_call if earlier else 0),
        through_event=max(counted.through_event, earlier.through_event if earlier else 0),
        totals=standing.totals,
        balances=standing.balances,
    )


def _standing(connection: sqlite3.Connection) -> Standing:
    """As of the transaction that the head was read in."""
    totals = tuple(
        Total(unit=unit, accounts=accounts, posted=posted, held=held, unknown=unknown)
        for unit, accounts, posted, held, unknown in connection.execute(_TOTALS)
    )
    hashed, rows = sha256(), connection.execute(_BALANCES)
    while page := rows.fetchmany(ACCOUNTS_AT_ONCE):
        hashed.update(b"".join(map(encode, page)))
    return Standing(totals=totals, balances=hashed.hexdigest())
