"""Reading calls with their attempts, a page in each transaction: no read keeps the log from shrinking for long."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import msgspec

from farthing.stores.sqlite.sums.spans import Horizon
from farthing.stores.sqlite.sums.tally import PAIRS, Row

Reading = Callable[[], AbstractContextManager[sqlite3.Connection]]
"""Begins a transaction for one page: `Handle.reading`."""
PAGE = 5_000
"""Calls read in one transaction: about 40 ms."""

_PAGE = "SELECT max(id), count(*) FROM (SELECT id FROM call WHERE id > ? AND id <= ? ORDER BY id LIMIT ?)"
_SKELETON = "SELECT skeleton FROM call WHERE id = ?"


class _Prompted(msgspec.Struct):
    prompt_digest: str = ""


_read_prompt = msgspec.json.Decoder(_Prompted).decode


def pages(reading: Reading, horizon: Horizon, since_ms: int, until_ms: int) -> Iterator[list[Row]]:
    """Rows of `PAIRS` of all calls that arrived in this time, in the order of their ids."""
    low, last = horizon.ids(since_ms, until_ms)
    while True:
        with reading() as connection:
            high, count = connection.execute(_PAGE, (low, last, PAGE)).fetchone()
            rows = connection.execute(PAIRS, (low, high, since_ms, until_ms)).fetchall() if count else []
        if rows:
            yield rows
        if count < PAGE:
            return
        low = high


def prompt_of(connection: sqlite3.Connection, call: int) -> str:
    """The prompt version of a call; "" where it has none."""
    row = connection.execute(_SKELETON, (call,)).fetchone()
    return _read_prompt(row[0]).prompt_digest if row and row[0] else ""
