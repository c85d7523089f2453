"""Whether every balance is the sum of what is behind it, of one moment and yet in short reads, while others go on writing.

Attempts are summed page by page. The chain tells which of them changed since their page was read: those pages are read
again, until they are few enough to be read together with the accounts.
"""

import contextlib
import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

from farthing.audit.entry import GROUP, Kind, unpack
from farthing.stores.sqlite.chain.links import head_of
from farthing.stores.sqlite.statements import sql
from farthing.stores.sqlite.writing.balances import Finding, compared, shares

PAGE = 25_000
"""Attempts of one transaction: some tenth of a second."""
FEW = 2
"""Pages that may be read in the last transaction, with the accounts."""
ROUNDS = 20
"""After so many the last transaction takes what it takes: somebody corrects the past faster than it can be read."""
_BIGGEST = 2**63 - 1
_END = "SELECT max(id) FROM (SELECT id FROM attempt WHERE id > ? ORDER BY id LIMIT ?)"
_ATTEMPTS = "SELECT id, state, charges, posted FROM attempt WHERE id > ? AND id <= ?"
_LINKS = "SELECT seq, entries FROM audit_link WHERE seq > ? ORDER BY seq"
_OF_ATTEMPTS = frozenset({Kind.HELD, Kind.SETTLED})

Moment = Callable[[], AbstractContextManager[None]]
"""Begins a transaction that reads."""
Balances = dict[tuple[int, str], int]
"""Account and kind → sum."""


class Page:
    """Attempts `after < id <= until`, as they stood at link `seq`."""

    def __init__(self, after: int, until: int) -> None:
        self.after, self.until, self.seq = after, until, 0
        self.attempts = 0
        self.sums: Balances = {}
        self.flaws: list[Finding] = []

    def read(self, connection: sqlite3.Connection, seq: int) -> None:
        sums: defaultdict[tuple[int, str], int] = defaultdict(int)
        self.flaws, self.attempts = [], 0
        for attempt, state, charges, posted in connection.execute(_ATTEMPTS, (self.after, self.until)):
            self.attempts += 1
            found = shares(state, charges, posted)
            if found is None:
                detail = f"attempt {attempt}: what it posted does not fit its state"
                self.flaws.append(Finding(account="", kind="file", row=0, sum=0, detail=detail))
            for account, kind, amount in found or ():
                sums[account, kind] += amount
        self.sums, self.seq = dict(sums), seq


def disagreements(
    connection: sqlite3.Connection, moment: Moment, progress: Callable[[int], None] = lambda _: None
) -> list[Finding]:
    """Accounts that are not the sum of what is behind them, and attempts that contradict themselves. `progress` is told
    how many attempts were read so far."""
    pages: list[Page] = []
    for page in _pages(connection, moment):
        pages.append(page)
        progress(sum(read.attempts for read in pages))
    for turn in range(ROUNDS + 1):
        with moment():
            seq = head_of(connection).seq
            doubtful = _doubtful(connection, pages)
            if len(doubtful) <= FEW or turn == ROUNDS:
                for page in doubtful:
                    page.read(connection, seq)
                return _found(connection, pages)
        for page in doubtful:
            with moment():
                page.read(connection, head_of(connection).seq)
    raise AssertionError("the last round always answers")


def _pages(connection: sqlite3.Connection, moment: Moment) -> Iterator[Page]:
    """The last one has no end: attempts that begin later are in it."""
    after = -_BIGGEST
    while after < _BIGGEST:
        with moment():
            (last,) = connection.execute(_END, (after, PAGE)).fetchone()
            page = Page(after, _BIGGEST)
            if last is not None and connection.execute(_END, (last, 1)).fetchone() != (None,):
                page.until = last
            page.read(connection, head_of(connection).seq)
        yield page
        after = page.until


def _doubtful(connection: sqlite3.Connection, pages: list[Page]) -> list[Page]:
    """Pages of attempts that the chain speaks of since they were read."""
    ends = [page.until for page in pages]
    found: set[int] = set()
    for seq, entries in connection.execute(_LINKS, (min(page.seq for page in pages),)):
        for number in _touched(entries, pages):
            place = bisect_left(ends, number)
            if pages[place].seq < seq:
                found.add(place)
    return [pages[place] for place in sorted(found)]


def _touched(entries: bytes, pages: Iterable[Page]) -> Iterator[int]:
    """Attempts that a link speaks of; of those that were dropped, one of each page."""
    with contextlib.suppress(ValueError):  # the walk says which link it is
        for entry in unpack(entries):
            if GROUP[entry.kind] in _OF_ATTEMPTS:
                yield entry.number
            elif entry.kind == Kind.FLOOR:
                yield from (min(page.until, entry.number) for page in pages if page.after < entry.number)


def _found(connection: sqlite3.Connection, pages: Iterable[Page]) -> list[Finding]:
    sums: defaultdict[tuple[int, str], int] = defaultdict(int)
    flaws: list[Finding] = []
    for page in pages:
        flaws += page.flaws
        for key, amount in page.sums.items():
            sums[key] += amount
    for account, posted in connection.execute(sql("audit_bases")):
        sums[account, "posted"] += posted
    return flaws + compared(connection, sums)
