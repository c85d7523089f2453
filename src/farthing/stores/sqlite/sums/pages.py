"""Reading calls with their attempts, a page in each transaction: no read keeps the log from shrinking for long."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import msgspec

from farthing.stores.sqlite.sums.spans import Horizon
from farthing.stores.sqlite.sums.tally import PAIRS, PAIRS_WITH, Row

Reading = Callable[[], AbstractContextManager[sqlite3.Connection]]
"""Begins a transaction for one page: `Handle.reading`."""
PAGE = 5_000
"""Calls read in one transaction: about 40 ms."""
SEARCHED = 50_000
"""The same of calls that are looked through for a value."""
SKELETONS = 1_000
"""The same of skeletons, which may be long."""

_PAGE = "SELECT max(id), count(*) FROM (SELECT id FROM call WHERE id > ? AND id <= ? ORDER BY id LIMIT ?)"
_SKELETONS = "SELECT id, skeleton FROM call WHERE id IN (SELECT value FROM json_each(?)) AND length(skeleton) > 0"


class _Prompted(msgspec.Struct):
    prompt_digest: str = ""


_read_prompt = msgspec.json.Decoder(_Prompted).decode


def pages(
    reading: Reading, horizon: Horizon, since_ms: int, until_ms: int, value: str | None = None
) -> Iterator[list[Row]]:
    """Rows of `PAIRS` of all calls that arrived in this time, in the order of their ids; with a `value`, only of those
    which may have it under some label: they are found many times as fast."""
    low, last = horizon.ids(since_ms, until_ms)
    query, page, named = (PAIRS, PAGE, ()) if value is None else (PAIRS_WITH, SEARCHED, (_as_written(value),))
    while True:
        with reading() as connection:
            high, count = connection.execute(_PAGE, (low, last, page)).fetchone()
            rows = connection.execute(query, (low, high, since_ms, until_ms, *named)).fetchall() if count else []
        if rows:
            yield rows
        if count < page:
            return
        low = high


def _as_written(value: str) -> str:
    """As it stands in a JSON document."""
    return msgspec.json.encode(value).decode()


def prompts_of(reading: Reading, calls: Sequence[int]) -> dict[int, str]:
    """The prompt versions of those of these calls that have one."""
    found: dict[int, str] = {}
    for begin in range(0, len(calls), SKELETONS):
        numbers = msgspec.json.encode(calls[begin : begin + SKELETONS]).decode()
        with reading() as connection:
            for call, skeleton in connection.execute(_SKELETONS, (numbers,)):
                if prompt := _read_prompt(skeleton).prompt_digest:
                    found[call] = prompt
    return found
