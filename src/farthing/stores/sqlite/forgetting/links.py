"""Whole sealed segments of the chain are dropped, the oldest first; what they said of rows that stay is said again."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator

from farthing.audit.entry import GROUP, Kind, pack, unpack
from farthing.domain.seal import Seal
from farthing.ports.audit import Ages
from farthing.stores.sqlite.chain.floors import Floors, floors_of
from farthing.stores.sqlite.chain.links import Chain
from farthing.stores.sqlite.chain.seals import seals_of
from farthing.stores.sqlite.chain.verify import carried, some_links
from farthing.stores.sqlite.handle import Handle

LINKS_AT_ONCE = 2_000
ENTRIES_AT_ONCE = 10_000
"""Of one `carry` link."""

_LEFT = "DELETE FROM audit_link WHERE seq IN (SELECT seq FROM audit_link WHERE seq <= ? ORDER BY seq LIMIT ?)"
_EVENTS = "DELETE FROM audit WHERE id <= ?"
_UNSALT = "DELETE FROM audit_salt WHERE kind = ? AND number <= ?"


def drop_links(handle: Handle, ages: Ages, now_ms: Callable[[], int], known: Floors) -> Counter[str]:
    """A page of links below the cut, else one segment's cut."""
    with handle.reading() as connection:
        floors = floors_of(connection, known)
        (newest,) = connection.execute("SELECT ifnull(max(id), 0) FROM audit").fetchone()
        oldest = connection.execute("SELECT min(seq) FROM audit_link").fetchone()[0]
        seal = None if ages.audit is None else _next(connection, floors, now_ms() - ages.audit)
    if floors.cut and oldest <= floors.cut:
        with handle.changing() as connection:
            return Counter(links=connection.execute(_LEFT, (floors.cut, LINKS_AT_ONCE)).rowcount)
    if seal is None:
        return Counter()
    through = min(seal.body.through_event, newest - 1)  # the newest stays: its number must never be given again
    said = _said(handle, floors, seal, through)
    with handle.changing() as connection:
        chain = Chain(now_ms)
        entries = [pack(kind, number, digest) for (kind, number), digest in said.items()]
        for start in range(0, max(1, len(entries)), ENTRIES_AT_ONCE):
            chain.add(connection, "carry", entries[start : start + ENTRIES_AT_ONCE])
        chain.add(
            connection,
            "prune",
            [pack(Kind.CUT, seal.body.last, b""), pack(Kind.EVENTS_FLOOR, through, b""), *_again(floors)],
        )
        connection.execute(_UNSALT, (Kind.EVENT, through))
        return Counter(segments=1, events=connection.execute(_EVENTS, (through,)).rowcount)


def _again(floors: Floors) -> list[bytes]:
    """Levels that links which go had named."""
    levels = [
        pack(kind, floors.levels[kind], b"") for kind in (Kind.FLOOR, Kind.SKELETONS_FLOOR) if floors.levels[kind]
    ]
    return levels + [pack(Kind.DROPPED_ADJUSTMENT, number, b"") for number in sorted(floors.adjustments)]


def _next(connection: sqlite3.Connection, floors: Floors, sealed_before_ms: int) -> Seal | None:
    """The oldest segment that is kept, if its time is over and no call that it speaks of is here any more."""
    for seal in seals_of(connection):
        body = seal.body
        if body.last > floors.cut:
            gone = body.through_call <= floors.levels[Kind.FLOOR]
            return seal if gone and body.sealed_ms <= sealed_before_ms else None
    return None


def _said(handle: Handle, floors: Floors, seal: Seal, through: int) -> dict[tuple[int, int], bytes]:
    """Group and number → the last word that the chain has on it up to the end of the segment, of what stays."""
    with handle.reading() as connection:
        links = carried(connection, floors.cut)
    said: dict[tuple[int, int], bytes] = {}
    for entries in (*(link.entries for link in links), *_segment(handle, floors.cut, seal.body.last)):
        for entry in unpack(entries):
            group = GROUP[entry.kind]
            if group < Kind.FLOOR and not floors.dropped(group, entry.number):
                said[group, entry.number] = entry.digest
    return {key: digest for key, digest in said.items() if key[0] != Kind.EVENT or key[1] > through}


def _segment(handle: Handle, after: int, until: int) -> Iterator[bytes]:
    while after < until:
        with handle.reading() as connection:
            links = some_links(connection, after)
        for link in links:
            if link.seq > until:
                return
            if link.kind != "carry":
                yield link.entries
        after = links[-1].seq
