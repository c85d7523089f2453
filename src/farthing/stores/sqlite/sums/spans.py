"""Spans of time that are summed: which there are, which of them make up a stretch of time, and what is left over."""

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from farthing.domain.ids import EPOCH_MS, call_of

SLICE_MS = 300_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LENGTHS = (DAY_MS, HOUR_MS, SLICE_MS)
"""The longest first. Hours are kept when a day is summed, slices are not when an hour is."""

_WHOLE = "SELECT length_ms, start_ms FROM span WHERE whole = 1"
_HORIZON = "SELECT summed_ms, summed_id, slack_ms FROM horizon"
_ARRIVED = "SELECT DISTINCT arrived_ms FROM call WHERE id IN (SELECT value FROM json_each(?)) AND arrived_ms < ?"
_SLACK = "UPDATE horizon SET slack_ms = max(slack_ms, ?)"
_DOUBT = "UPDATE span SET whole = 0, turn = turn + 1 WHERE length_ms = ? AND start_ms = ?"


class Horizon(NamedTuple):
    """How far the past is summed, and how far ids may be from the arrival of their calls."""

    summed_ms: int
    summed_id: int
    slack_ms: int

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> "Horizon":
        return cls(*connection.execute(_HORIZON).fetchone())

    def is_astray(self, call: int, arrived_ms: int) -> bool:
        """Whether a new call is further from its id than any before."""
        return not -self.slack_ms <= (call >> 22) + EPOCH_MS - arrived_ms <= self.slack_ms

    def ids(self, since_ms: int, until_ms: int) -> tuple[int, int]:
        """`low < id <= high` for every call that arrived in this time."""
        low = max(since_ms - EPOCH_MS - self.slack_ms, 0) << 22
        return low - 1, min(max(until_ms - EPOCH_MS + self.slack_ms, 0), 2**40) << 22


class Stretch(NamedTuple):
    """Adjacent summed spans of one length."""

    length_ms: int
    since_ms: int
    until_ms: int


Whole = dict[int, set[int]]
"""Lengths of the summed spans that begin at a moment."""


def whole_spans(connection: sqlite3.Connection) -> Whole:
    found: Whole = {}
    for length_ms, start_ms in connection.execute(_WHOLE):
        found.setdefault(start_ms, set()).add(length_ms)
    return found


def cover(
    whole: Whole, since_ms: int, until_ms: int, longest_ms: int = DAY_MS
) -> tuple[list[Stretch], list[tuple[int, int]]]:
    """The summed stretches within this time, of spans no longer than `longest_ms`, and the gaps that they leave."""
    starts = sorted(whole)
    stretches: list[Stretch] = []
    gaps: list[tuple[int, int]] = []
    at_ms = since_ms
    while at_ms < until_ms:
        fitting = (one for one in whole.get(at_ms, ()) if one <= longest_ms and at_ms + one <= until_ms)
        length_ms = max(fitting, default=0)
        if length_ms:
            _extend(stretches, length_ms, at_ms)
            at_ms += length_ms
            continue
        place = bisect_right(starts, at_ms)
        end_ms = min(starts[place], until_ms) if place < len(starts) else until_ms
        if gaps and gaps[-1][1] == at_ms:
            gaps[-1] = (gaps[-1][0], end_ms)
        else:
            gaps.append((at_ms, end_ms))
        at_ms = end_ms
    return stretches, gaps


def _extend(stretches: list[Stretch], length_ms: int, at_ms: int) -> None:
    last = stretches[-1] if stretches else None
    if last is not None and last.length_ms == length_ms and last.until_ms == at_ms:
        stretches[-1] = Stretch(length_ms, last.since_ms, at_ms + length_ms)
    else:
        stretches.append(Stretch(length_ms, at_ms, at_ms + length_ms))


def take_back(
    connection: sqlite3.Connection, past: Horizon, numbers: Iterable[int], astray: Iterable[tuple[int, int]]
) -> None:
    """These calls, or attempts of them, have changed: no span around the arrival of one of them is summed any more.

    `astray` are new calls (id, arrival) that are further apart than any before; from now on they are allowed for.
    """
    calls = json.dumps(sorted({call_of(number) for number in numbers}))
    moments = {at_ms for (at_ms,) in connection.execute(_ARRIVED, (calls, past.summed_ms))}
    for number, arrived_ms in astray:
        moments.add(arrived_ms)
        connection.execute(_SLACK, (apart(number, arrived_ms),))
    doubted = {(length_ms, at_ms // length_ms * length_ms) for at_ms in moments for length_ms in LENGTHS}
    connection.executemany(_DOUBT, sorted(doubted))


def apart(call: int, arrived_ms: int) -> int:
    """Milliseconds between the moment in a call's id and its arrival."""
    return abs((call >> 22) + EPOCH_MS - arrived_ms)
