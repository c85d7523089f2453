"""What was dropped by policy, as the chain itself says it: below these numbers nothing is missing."""

import contextlib
import sqlite3

from farthing.audit.entry import Entry, Kind, unpack
from farthing.audit.link import NO_LINK, Head

_PRUNES = "SELECT seq, entries FROM audit_link WHERE seq > ? AND kind = 'prune' ORDER BY seq"
_FIRST = "SELECT prev FROM audit_link WHERE seq > ? ORDER BY seq LIMIT 1"
_CALLS = frozenset({Kind.OPENED, Kind.CLOSED, Kind.HELD, Kind.SETTLED})
_FLOORS = frozenset({Kind.FLOOR, Kind.EVENTS_FLOOR, Kind.SKELETONS_FLOOR, Kind.CUT})


class Floors:
    """The highest number that was dropped of each kind."""

    def __init__(self) -> None:
        self.levels = dict.fromkeys(_FLOORS, 0)
        self.adjustments: set[int] = set()
        self.before = Head()
        """What the first link that is kept holds on to."""
        self.through = 0
        """The last link that was heard."""

    def hear(self, entry: Entry) -> None:
        """One entry that says what was dropped."""
        if entry.kind == Kind.DROPPED_ADJUSTMENT:
            self.adjustments.add(entry.number)
        else:
            kind = Kind(entry.kind)
            self.levels[kind] = max(self.levels[kind], entry.number)

    def dropped(self, group: int, number: int) -> bool:
        """Whether what an entry speaks of was dropped."""
        if group in _CALLS:
            return number <= self.levels[Kind.FLOOR]
        if group == Kind.EVENT:
            return number <= self.levels[Kind.EVENTS_FLOOR]
        return group == Kind.ADJUSTED and number in self.adjustments

    @property
    def cut(self) -> int:
        """The last link that was dropped."""
        return self.levels[Kind.CUT]


def floors_of(connection: sqlite3.Connection, known: Floors | None = None) -> Floors:
    """As the links that are kept say it; those links are verified as any other. `known` are earlier ones, to go on from."""
    floors = Floors() if known is None else known
    for seq, entries in connection.execute(_PRUNES, (floors.through,)).fetchall():
        with contextlib.suppress(ValueError):  # the walk will say which link it is
            for entry in unpack(entries):
                if entry.kind >= Kind.FLOOR:
                    floors.hear(entry)
        floors.through = seq
    if floors.cut:
        first = connection.execute(_FIRST, (floors.cut,)).fetchone()
        floors.before = Head(floors.cut, NO_LINK if first is None else bytes(first[0]))
    return floors
