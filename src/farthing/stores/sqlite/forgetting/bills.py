"""Closed months that were billed by person: the kept lines lose the name and keep every amount.

What was told outside stands as it was told. The kept lines get a digest of their own, or a month that is asked for later
would bill the pseudonym once more and give back what the name was billed.
"""

import sqlite3
import zlib
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from farthing.ports.billing import BillLine, ClosedPeriod
from farthing.stores.sqlite.forgetting.rows import Erasing

_PERIODS = "SELECT month, document, lines FROM billing_period ORDER BY month"
_PUT = "UPDATE billing_period SET document = ?, lines = ? WHERE month = ?"

_period = msgspec.json.Decoder(ClosedPeriod).decode
_lines = msgspec.json.Decoder(tuple[BillLine, ...]).decode


def rewrite_bills(connection: sqlite3.Connection, it: Erasing) -> int:
    """How many closed months had lines of theirs."""
    count = 0
    for month, document, packed in connection.execute(_PERIODS).fetchall():
        period = _period(document)
        if it.label not in period.terms.names and it.value not in period.by:
            continue
        lines = tuple(_renamed(line, period.terms.names, it) for line in _lines(zlib.decompress(packed)))
        told = msgspec.json.encode(lines)
        fresh = replace(period, by=it.reworded(period.by), digest=sha256(told).hexdigest())
        if fresh != period:
            connection.execute(_PUT, (msgspec.json.encode(fresh).decode(), zlib.compress(told), month))
            count += 1
    return count


def _renamed(line: BillLine, names: tuple[str, ...], it: Erasing) -> BillLine:
    labels = tuple(
        it.pseudonym if (name, value) == (it.label, it.value) else value
        for name, value in zip(names, line.labels, strict=True)
    )
    return line if labels == line.labels else replace(line, labels=labels)
