"""The calls of somebody who is to be forgotten: found page by page, and rewritten without a change to what they cost."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from farthing.audit.entry import Kind
from farthing.domain.ids import ATTEMPTS, EPOCH_MS, call_of
from farthing.stores.sqlite.chain.batch import Batch
from farthing.stores.sqlite.chain.links import Chain
from farthing.stores.sqlite.chain.tables import ENDING
from farthing.stores.sqlite.forgetting.rows import Erasing

PAGE = 20_000
"""Calls looked at in one transaction."""
RECENT_MS = 3_600_000
"""A call may be written so long after it arrived: those are looked at once more at the end."""

_OF = "FROM (SELECT id, labels, detail FROM call WHERE id > ? ORDER BY id LIMIT ?) WHERE json_extract(labels, ?) = ?"
_PAGE = f"SELECT id, labels, detail {_OF}"
_LAST = "SELECT max(id), count(*) FROM (SELECT id FROM call WHERE id > ? ORDER BY id LIMIT ?)"
_REWRITE = "UPDATE call SET labels = ?, detail = ? WHERE id = ?"
_END = f"SELECT {', '.join(ENDING)}, id FROM call WHERE id = ?"  # noqa: S608 - names of our own
_OPEN = "SELECT id FROM attempt WHERE state < 2"
_LABELS = "SELECT labels FROM call WHERE id = ?"
_CHARGES = "SELECT charges FROM attempt WHERE id > ? AND id <= ?"
_NAMED = "SELECT 1 FROM account WHERE id = ? AND value = ?"

_read_labels = msgspec.json.Decoder(dict[str, str]).decode
_read_charges = msgspec.json.Decoder(list[tuple[int, int, int, int, int | None]]).decode


class Theirs(NamedTuple):
    """A call of theirs."""

    id: int
    labels: str
    detail: str | None


def pages(connection: sqlite3.Connection, it: Erasing, after: int) -> tuple[list[Theirs], int | None]:
    """Their calls among the next ones, and where to go on; None at the end."""
    last, count = connection.execute(_LAST, (after, PAGE)).fetchone()
    return _theirs(connection, it, after, PAGE), last if count == PAGE else None


def newest_page(connection: sqlite3.Connection, it: Erasing, now_ms: int) -> list[Theirs]:
    """Their calls of the last hour."""
    return _theirs(connection, it, max(0, now_ms - RECENT_MS - EPOCH_MS) << 22, -1)


def _theirs(connection: sqlite3.Connection, it: Erasing, after: int, limit: int) -> list[Theirs]:
    return [Theirs(*row) for row in connection.execute(_PAGE, (after, limit, f'$."{it.label}"', it.value))]


def charged_accounts(connection: sqlite3.Connection, calls: Sequence[Theirs], it: Erasing) -> set[int]:
    """The accounts these calls were charged on that carry the name."""
    numbers = {
        charge[0]
        for call in calls
        for (charges,) in connection.execute(_CHARGES, (call.id, call.id + ATTEMPTS))
        for charge in _read_charges(charges)
    }
    return {number for number in numbers if connection.execute(_NAMED, (number, it.value)).fetchone()}


def rewrite_calls(connection: sqlite3.Connection, calls: Sequence[Theirs], it: Erasing, now_ms: int) -> int:
    batch = Batch(connection, Chain(lambda: now_ms))
    for call in calls:
        labels = _read_labels(call.labels) | {it.label: it.pseudonym}
        detail = call.detail and it.reworded(call.detail)
        connection.execute(_REWRITE, (msgspec.json.encode(labels).decode(), detail, call.id))
        if detail != call.detail:
            batch.closed(Kind.CLOSED, connection.execute(_END, (call.id,)).fetchall())
    batch.link("erase")
    return len(calls)


def open_attempts(connection: sqlite3.Connection, it: Erasing) -> int:
    """How many of their attempts have not ended: their money is held under the name."""
    count = 0
    for (attempt,) in connection.execute(_OPEN).fetchall():
        found = connection.execute(_LABELS, (call_of(attempt),)).fetchone()
        count += found is not None and _read_labels(found[0]).get(it.label) == it.value
    return count
