"""Notes of those who follow the records, like the metrics' sums by label: the name gives way in them too."""

import sqlite3

from farthing.audit.words import longest_plain_part
from farthing.stores.sqlite.forgetting.rows import Erasing

_NOTES = "SELECT name, progress FROM follower WHERE instr(progress, CAST(? AS BLOB))"
_PUT = "UPDATE follower SET progress = ? WHERE name = ?"


def rewrite_notes(connection: sqlite3.Connection, it: Erasing) -> int:
    """How many followers had noted it."""
    count = 0
    for name, progress in connection.execute(_NOTES, (longest_plain_part(it.value),)).fetchall():
        text = progress.decode(errors="replace")
        fresh = it.reworded(text)
        if fresh != text:
            connection.execute(_PUT, (fresh.encode(), name))
            count += 1
    return count
