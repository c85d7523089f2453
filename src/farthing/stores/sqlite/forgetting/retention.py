"""What the retention policy drops, in pieces of well under a second: skeletons, then calls, then sealed links. Everything
that is dropped is named in the chain, sums of the past stay, and nothing open or unknown is ever touched."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable

import msgspec

from farthing.audit.entry import Kind, digest, pack
from farthing.domain.ids import ATTEMPTS, EPOCH_MS, call_of
from farthing.ports.audit import Ages, Pruning
from farthing.stores.sqlite.chain.floors import Floors, floors_of
from farthing.stores.sqlite.chain.links import Chain
from farthing.stores.sqlite.chain.seals import last_seal
from farthing.stores.sqlite.chain.tables import is_dropped, skeleton_dropped
from farthing.stores.sqlite.forgetting.links import drop_links
from farthing.stores.sqlite.handle import Handle

PAGE = 1_000
"""Calls of one transaction."""

_SKELETONS = "SELECT id, skeleton FROM call WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"
_BARE = "UPDATE call SET skeleton = ? WHERE id = ?"
_CALLS = "SELECT id FROM call WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"
_FIRST_OPEN = "SELECT min(id) FROM attempt WHERE state < 2"
_CHARGES = "SELECT charges, posted FROM attempt WHERE id > ? AND id <= ? AND state = 2"
_BASE = (
    "INSERT INTO audit_base (account, posted) VALUES (?, ?) "
    "ON CONFLICT (account) DO UPDATE SET posted = posted + excluded.posted RETURNING account, posted"
)
_NOT_NEWEST = "id < (SELECT max(id) FROM adjustment)"  # its number must never be given again
_ADJUSTED = f"SELECT id FROM adjustment WHERE attempt > ? AND attempt <= ? AND {_NOT_NEWEST}"  # noqa: S608
_UNSALT = "DELETE FROM audit_salt WHERE kind = ? AND number = ?"
_UNSALT_CALLS = "DELETE FROM audit_salt WHERE kind = ? AND number > ? AND number <= ?"
_SUMMED = "SELECT min(summed_ms, ifnull((SELECT min(start_ms) FROM span WHERE whole = 0), summed_ms)) - 2 * slack_ms FROM horizon"
_DROP = (
    f"DELETE FROM adjustment WHERE attempt > ? AND attempt <= ? AND {_NOT_NEWEST}",  # noqa: S608 - a condition of ours
    "DELETE FROM response WHERE attempt > ? AND attempt <= ?",
    "DELETE FROM attempt WHERE id > ? AND id <= ?",
    "DELETE FROM call WHERE id > ? AND id <= ?",
)

_read_charges = msgspec.json.Decoder(list[tuple[int, int, int, int, int | None]]).decode
_read_posted = msgspec.json.Decoder(list[int]).decode


def prune(handle: Handle, ages: Ages, now_ms: Callable[[], int], floors: Floors | None = None) -> Pruning:
    """One piece of work. Call it again while there is `more`, with the same `floors`, so that they are read but once."""
    known = Floors() if floors is None else floors
    for work in (_skeletons, _calls, drop_links):
        done = work(handle, ages, now_ms, known)
        if any(done.values()):
            return Pruning(rows=dict(done), more=True)
    return Pruning(rows={}, more=False)


def before(age_ms: int | None, now_ms: int) -> int:
    """No call that arrived earlier than so long ago has a larger id; 0 where it is kept for ever."""
    return 0 if age_ms is None else max(0, now_ms - age_ms - EPOCH_MS) << 22


def _skeletons(handle: Handle, ages: Ages, now_ms: Callable[[], int], known: Floors) -> Counter[str]:
    limit = before(ages.skeletons, now_ms())
    with handle.reading() as connection:
        floor = max(floors_of(connection, known).levels[Kind.SKELETONS_FLOOR], 0)
        rows = connection.execute(_SKELETONS, (floor, limit, PAGE)).fetchall()
    if not rows:
        return Counter()
    with handle.changing() as connection:
        bare = [(skeleton_dropped(skeleton), number) for number, skeleton in rows if not is_dropped(skeleton)]
        connection.executemany(_BARE, bare)
        Chain(now_ms).add(connection, "prune", [pack(Kind.SKELETONS_FLOOR, rows[-1][0], b"")])
    return Counter(skeletons=len(bare) or 1)


def _calls(handle: Handle, ages: Ages, now_ms: Callable[[], int], known: Floors) -> Counter[str]:
    with handle.reading() as connection:
        floor = floors_of(connection, known).levels[Kind.FLOOR]
        limit = _limit(connection, before(ages.calls, now_ms()))
        found = connection.execute(_CALLS, (floor, limit, PAGE)).fetchall()
    if not found:
        return Counter()
    last = found[-1][0] | ATTEMPTS
    with handle.changing() as connection:
        if _limit(connection, limit) < found[-1][0]:  # somebody took up an old call meanwhile
            return Counter()
        entries = [pack(Kind.FLOOR, last, b""), *_bases(connection, floor, last)]
        for (adjusted,) in connection.execute(_ADJUSTED, (floor, last)).fetchall():
            entries.append(pack(Kind.DROPPED_ADJUSTMENT, adjusted, b""))
            connection.execute(_UNSALT, (Kind.ADJUSTED, adjusted))
        connection.execute(_UNSALT_CALLS, (Kind.CLOSED, floor, last))
        dropped = [connection.execute(query, (floor, last)).rowcount for query in _DROP]
        Chain(now_ms).add(connection, "prune", entries)
    return Counter(adjustments=dropped[0], attempts=dropped[2], calls=dropped[3])


def _limit(connection: sqlite3.Connection, limit: int) -> int:
    """The last call that may go: sealed, summed up, and before the first that is open or unknown."""
    seal = last_seal(connection)
    (opened,) = connection.execute(_FIRST_OPEN).fetchone()
    (summed_ms,) = connection.execute(_SUMMED).fetchone()
    sealed = 0 if seal is None else seal.body.through_call
    ended = limit if opened is None else call_of(opened) - 1
    summed: int = max(0, summed_ms - EPOCH_MS) << 22
    return min(limit, sealed, ended, summed)


def _bases(connection: sqlite3.Connection, floor: int, last: int) -> list[bytes]:
    """What the attempts that go had posted, kept by account."""
    posted: defaultdict[int, int] = defaultdict(int)
    for charges, amounts in connection.execute(_CHARGES, (floor, last)):
        for charge, amount in zip(_read_charges(charges), _read_posted(amounts), strict=True):
            posted[charge[0]] += amount
    rows = [connection.execute(_BASE, item).fetchone() for item in sorted(posted.items())]
    return [pack(Kind.BASE, account, digest((account, total))) for account, total in rows]
