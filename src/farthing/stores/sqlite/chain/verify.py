"""The whole verification: the chain, the rows, the seals, and every balance as the sum of what is behind it."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

from farthing.audit.entry import Kind
from farthing.audit.link import Link
from farthing.audit.seal import document, read_seal, signature_flaw
from farthing.domain.errors import LedgerUnavailable, StoreBroken
from farthing.domain.ids import show
from farthing.domain.seal import Seal
from farthing.ports.audit import Finding, Progress, Verdict
from farthing.stores.sqlite.chain import balances
from farthing.stores.sqlite.chain.floors import Floors, floors_of
from farthing.stores.sqlite.chain.links import head_of
from farthing.stores.sqlite.chain.seals import SECRET, kept
from farthing.stores.sqlite.chain.walk import Walk
from farthing.stores.sqlite.connect import Connect, open_reader

BYTES_AT_ONCE = 500_000
"""Of entries that are read in one transaction, 20,000 of them: some third of a second's work."""
_LINKS = "SELECT seq, at_ms, kind, count, prev, root, hash, entries FROM audit_link WHERE seq > ? ORDER BY seq"
_CARRIES = (
    "SELECT seq, at_ms, kind, count, prev, root, hash, entries FROM audit_link WHERE kind = 'carry' ORDER BY seq DESC"
)
_HASH = "SELECT hash FROM audit_link WHERE seq = ?"
_SEALS = "SELECT number, document FROM audit_seal ORDER BY number"


def verify(
    path: Path,
    *,
    now_ms: Callable[[], int],
    against: Seal | None = None,
    progress: Progress = lambda _, __: None,
    connect: Connect = sqlite3.connect,
) -> Verdict:
    """Read everything, in transactions of under a second, while others go on writing. Raises StoreBroken."""
    connection = open_reader(path, connect=connect)
    try:
        return _verdict(connection, now_ms, against, progress)
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise LedgerUnavailable(f"the store could not be read ({error}); try again") from error
        connection.rollback()
        connection.text_factory = _spelled_out  # somebody wrote what is no text: read it all the same, which is slower
        return _verdict(connection, now_ms, against, progress)
    except sqlite3.DatabaseError as error:
        raise StoreBroken(
            f"{path} is damaged ({error}); restore a backup, or keep it and run `farthing doctor`"
        ) from error
    finally:
        connection.close()


def _spelled_out(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")


def _verdict(
    connection: sqlite3.Connection, now_ms: Callable[[], int], against: Seal | None, progress: Progress
) -> Verdict:
    walk = _walk(connection, progress)
    with _moment(connection):
        seals = _check_seals(connection, walk, against)
    findings = [*walk.findings, *_damage(connection)]
    return Verdict(
        at_ms=now_ms(),
        links=walk.head.seq - walk.floors.cut,
        entries=walk.entries,
        rows=walk.rows,
        head_seq=walk.head.seq,
        head=walk.head.hash.hex(),
        seals=seals,
        pruned=_pruned(walk.floors),
        findings=tuple(findings),
        more=walk.more,
    )


def _walk(connection: sqlite3.Connection, progress: Progress) -> Walk:
    with _moment(connection):
        walk = Walk(connection, floors_of(connection))
        total = head_of(connection).seq
        walk.carry(carried(connection, walk.floors.cut))
    while True:
        with _moment(connection):
            walk.forget_names()
            links = some_links(connection, walk.head.seq)
            walk.follow(links)
            progress(min(walk.head.seq, total), total)
            if not links:
                walk.finish()
                return walk


@contextlib.contextmanager
def _moment(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


def some_links(connection: sqlite3.Connection, after: int) -> list[Link]:
    links, size = [], 0
    rows = connection.execute(_LINKS, (after,))
    for row in rows:
        links.append(_link(row))
        size += len(row[-1]) + 200
        if size > BYTES_AT_ONCE:
            break
    rows.close()
    return links


def _link(row: tuple[int, int, str, int, bytes, bytes, bytes, bytes]) -> Link:
    seq, at_ms, kind, count, prev, root, hash_, entries = row
    return Link(seq=seq, at_ms=at_ms, kind=kind, count=count, prev=prev, root=root, hash=hash_, entries=entries)


def carried(connection: sqlite3.Connection, cut: int) -> list[Link]:
    """The newest run of `carry` links: they say all that was dropped up to the cut."""
    if not cut:
        return []
    found: list[Link] = []
    for row in connection.execute(_CARRIES):
        link = _link(row)
        if found and link.seq != found[-1].seq - 1:
            break
        found.append(link)
    return found[::-1]


# Seals


def _check_seals(connection: sqlite3.Connection, walk: Walk, against: Seal | None) -> int:
    before = ""
    seals: dict[int, str] = {}
    for number, text in connection.execute(_SEALS).fetchall():
        seals[number] = text
        for flaw in _flaws(connection, walk, text, number, before):
            walk.find("audit_seal", number, flaw)
        before = sha256(text.encode()).hexdigest()
    if sorted(seals) != list(range(1, len(seals) + 1)):
        walk.find("audit_seal", "", "a seal is missing")
    if against is not None:
        for flaw in _against(connection, walk, against, seals):
            walk.find("audit_seal", against.body.number, flaw)
    return len(seals)


def _flaws(connection: sqlite3.Connection, walk: Walk, text: str, number: int, before: str) -> Iterator[str]:
    try:
        seal = read_seal(text)
    except ValueError as error:
        yield str(error)
        return
    if document(seal) != text:
        yield "it is not written as it was"
    if seal.body.number != number or seal.body.before != before:
        yield "it does not hold on to the seal before it"
    if flaw := signature_flaw(seal, kept(connection, SECRET)):
        yield flaw
    yield from _head_flaw(connection, walk, seal)


def _head_flaw(connection: sqlite3.Connection, walk: Walk, seal: Seal) -> Iterator[str]:
    """Whether the chain still comes to what the seal says, as far as it is kept."""
    body, floors = seal.body, walk.floors
    if body.last < floors.cut:
        return
    if body.last == floors.cut:
        head: bytes | None = floors.before.hash
    else:
        found = connection.execute(_HASH, (body.last,)).fetchone()
        head = None if found is None else bytes(found[0])
    if head is None:
        yield f"the chain ends at link {walk.head.seq}, before the {body.last} that was sealed"
    elif head.hex() != body.head:
        yield f"link {body.last} is not the one that was sealed"


def _against(connection: sqlite3.Connection, walk: Walk, seal: Seal, seals: dict[int, str]) -> Iterator[str]:
    if flaw := signature_flaw(seal, kept(connection, SECRET)):
        yield f"the seal that was kept elsewhere cannot be trusted: {flaw}"
    if seals.get(seal.body.number) != document(seal):
        yield "the store's seal of that number is not the one that was kept elsewhere"
    yield from _head_flaw(connection, walk, seal)


def _pruned(floors: Floors) -> tuple[str, ...]:
    words = []
    if floors.cut:
        words.append(f"links 1 to {floors.cut} were dropped by policy; their seals are kept")
    if call := floors.levels[Kind.FLOOR]:
        words.append(f"calls up to {show('call', call)} were dropped by policy; accounts keep what they came to")
    if skeleton := floors.levels[Kind.SKELETONS_FLOOR]:
        words.append(
            f"skeletons of calls up to {show('call', skeleton)} were dropped by policy; their digests are kept"
        )
    if event := floors.levels[Kind.EVENTS_FLOOR]:
        words.append(f"events up to {event} were dropped by policy")
    return tuple(words)


def _damage(connection: sqlite3.Connection) -> list[Finding]:
    return [
        Finding(
            table="account" if found.account else "attempt",
            row=found.account,
            what=found.detail or f"{found.kind} is {found.row}; what is behind it adds up to {found.sum}",
        )
        for found in balances.disagreements(connection, partial(_moment, connection))
    ]
