"""What alerts ask of the ledger's file, read in short pages; hours that are over are summed once and kept."""

import json
import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from farthing.alerts.runs import closed_gate, overruns, unknown_outcomes
from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.errors import PastUnsummed
from farthing.domain.ids import ATTEMPTS, EPOCH_MS
from farthing.ports.alerts import FIRST_TURNS, Context, Happening, Sums
from farthing.stores.sqlite import queries
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.history import MOST_UNSUMMED, SqliteHistory
from farthing.stores.sqlite.record_rows import usage_row
from farthing.stores.successes import successes

PAGE = 5_000
"""Calls read in one transaction: about 20 ms."""
CALLS_AT_ONCE = 100_000
"""Calls of the past that one question may sum up; the rest follows with the next round."""
NEWEST_RUNS = 2_000
"""Of a budget whose windows are runs: how many of the newest accounts are looked at."""

_HOUR_MS = 3_600_000
_SLICE_MS = 300_000
"""Of the last hour, what is over is remembered in slices of this length."""
_QUIET_MS = 600_000
"""After its end an hour or slice is summed for good once none of its attempts is open…"""
_LATE_MS = _HOUR_MS
"""…or after this, whatever is still open."""
_KEPT_HOURS_MS = 9 * 24 * _HOUR_MS
_KEPT_RUNS_MS = 30 * 24 * _HOUR_MS
_AFTER_ID_MS = 60_000
"""A call's id may be made this much before or after its arrival is noted; `queries.id_floor` allows for the one side."""

_PAGE = "SELECT max(id), count(*) FROM (SELECT id FROM call WHERE id > ? AND id <= ? ORDER BY id LIMIT ?)"
_ATTEMPT_PAGE = "SELECT max(id), count(*) FROM (SELECT id FROM attempt WHERE id > ? ORDER BY id LIMIT ?)"
_HOURS = "SELECT hour_ms FROM alert_hour WHERE label = ? AND hour_ms >= ? AND hour_ms < ? AND value = ''"
_KEPT = (
    "SELECT value, sum(attempts), sum(cost_nanos), sum(input_tokens), sum(cache_read_input_tokens) FROM alert_hour "
    "WHERE label = ? AND hour_ms >= ? AND hour_ms < ? GROUP BY value"
)
_KEEP = "INSERT OR REPLACE INTO alert_hour VALUES (?, ?, ?, ?, ?, ?, ?)"
_FORGET_HOURS = "DELETE FROM alert_hour WHERE label = ? AND hour_ms < ?"
_ACCOUNT = "SELECT budget, value, unit, window, posted, held, unknown, closes_ms FROM account "
_OF_WINDOWS = (
    f"{_ACCOUNT} WHERE window IN (SELECT value FROM json_each(?)) AND budget = ? AND unit = ? "  # noqa: S608
    "AND posted + unknown >= ?"
)
_OF_RUNS = (
    f"SELECT * FROM ({_ACCOUNT} WHERE budget = ? AND unit = ? ORDER BY id DESC LIMIT {NEWEST_RUNS}) "  # noqa: S608
    "WHERE posted + unknown >= ?"
)
# Calls first, then the attempts right behind each by their ids: `CROSS` and `+` keep SQLite from making an index of all
# attempts by state for this one question.
_TURNS = f"""
SELECT json_extract(c.labels, '$.run') AS run, ifnull(json_extract(c.labels, '$.agent'), ''), a.input_tokens
FROM call c CROSS JOIN attempt a ON a.id BETWEEN c.id + 1 AND c.id + {ATTEMPTS}
WHERE c.id > ? AND c.id <= ? AND c.arrived_ms >= ? AND c.arrived_ms < ? AND +a.state = 2 AND a.input_tokens > 0
    AND run IS NOT NULL
ORDER BY c.id, a.id
"""  # noqa: S608 - a number of ours
_FIRST = "SELECT first_tokens FROM alert_run WHERE run = ? AND agent = ?"
_BEGIN_RUN = "INSERT OR IGNORE INTO alert_run (run, agent, first_tokens, at_ms) VALUES (?, ?, ?, ?)"
_FORGET_RUNS = "DELETE FROM alert_run WHERE at_ms < ?"
_ANY_OUTCOME = "SELECT 1 FROM outcome LIMIT 1"
_OVERRUNS = (
    "SELECT provider || '/' || model, count(*) FROM attempt "
    "WHERE id > ? AND id <= ? AND state = 2 AND flags LIKE '%overran_%' GROUP BY 1"
)
# `state < 2` is what the index of open attempts is made of.
_UNKNOWN = "SELECT provider || '/' || model, count(*) FROM attempt WHERE state < 2 AND state = 1 GROUP BY 1 ORDER BY 1"
_GATES = "SELECT name, detail FROM gate WHERE acknowledged_ms = 0 ORDER BY name"
_EVENTS = (
    "SELECT subject, count(*), detail, max(id) FROM alert_event WHERE kind = ? AND at_ms >= ? "
    "GROUP BY subject ORDER BY subject"
)


Row = tuple[Any, ...]
Groups = dict[str, Counter[str]]
"""What calls came to, by the label's value."""


class SqliteFacts:
    """`farthing.ports.alerts.Facts` on SQLite. Any thread may call."""

    def __init__(self, path: Path, *, now_ms: Callable[[], int], connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(open_database, path, connect=connect))
        self._history = SqliteHistory(path, now_ms=now_ms, most_unsummed=MOST_UNSUMMED, connect=connect)
        self._now_ms = now_ms
        self._slices: dict[tuple[str, int], Groups] = {}

    def stamp(self) -> int:
        with self._handle.reading() as connection:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def accounts(self, budget: str, unit: Unit, windows: tuple[str, ...], at_least: int) -> tuple[Standing, ...]:
        query = _OF_WINDOWS if windows else _OF_RUNS
        names = (json.dumps(windows),) if windows else ()
        with self._handle.reading() as connection:
            rows = connection.execute(query, (*names, budget, unit.value, at_least)).fetchall()
        return tuple(_standing(row) for row in rows)

    def sums(self, by: str, since_ms: int, until_ms: int) -> tuple[Sums, ...] | None:
        first, last = -(-since_ms // _HOUR_MS) * _HOUR_MS, until_ms // _HOUR_MS * _HOUR_MS
        total: Groups = {}
        if first >= last:
            whole = self._recent(by, since_ms, until_ms, total)
        else:
            whole = self._recent(by, since_ms, first, total) and self._recent(by, last, until_ms, total)
            whole = whole and self._whole_hours(by, first, last, total)
        if not whole:
            return None
        try:
            told = successes(self._history, by, since_ms, until_ms) if self._all(_ANY_OUTCOME) else {}
        except PastUnsummed:
            return None
        return tuple(
            Sums(value=value, successes=told.get(value), **sums)
            for value, sums in sorted(total.items())
            if any(sums.values())
        )

    def contexts(self, since_ms: int, until_ms: int) -> tuple[Context, ...]:
        runs: dict[tuple[str, str], list[int]] = {}
        last: dict[tuple[str, str], deque[int]] = {}
        for low, high, _ in self._pages(since_ms, until_ms):
            with self._handle.reading() as connection:
                for run, agent, tokens in connection.execute(_TURNS, (low, high, since_ms, until_ms)):
                    first = runs.setdefault((run, agent), [])
                    first += [tokens] if len(first) < FIRST_TURNS else []
                    last.setdefault((run, agent), deque(maxlen=FIRST_TURNS)).append(tokens)
        begun = {who: sum(first) for who, first in runs.items() if len(first) == FIRST_TURNS}
        known = self._begun(begun, until_ms)
        return tuple(
            Context(run=who[0], agent=who[1], first_tokens=known[who], last_tokens=sum(last[who]))
            for who in sorted(begun)
        )

    def happenings(self, kind: str, since_ms: int) -> tuple[Happening, ...]:
        match kind:
            case "overrun":
                return self._overruns(since_ms)
            case "unknown":
                return tuple(unknown_outcomes(model, times) for model, times in self._all(_UNKNOWN))
            case "provider_overran":
                return tuple(closed_gate(name, detail) for name, detail in self._all(_GATES))
            case _:
                found = self._all(_EVENTS, kind, since_ms)
                return tuple(Happening(subject=whom, times=times, detail=detail) for whom, times, detail, _ in found)

    def close(self) -> None:
        self._handle.close()
        self._history.close()

    def _whole_hours(self, by: str, first: int, last: int, total: Groups) -> bool:
        """Add the hours from `first` up to `last`; False where there are too many of them to be summed at once."""
        with self._handle.reading() as connection:
            kept = {hour for (hour,) in connection.execute(_HOURS, (by, first, last))}
            for value, *sums in connection.execute(_KEPT, (by, first, last)):
                total.setdefault(value, Counter()).update(dict(zip(_SUMMED, sums, strict=True)))
        calls = 0
        final: list[Row] = []
        for hour in range(first, last, _HOUR_MS):
            if hour not in kept and calls < CALLS_AT_ONCE:
                kept.add(hour)
                calls += self._past_hour(by, hour, total, final)
        self._keep(by, final)
        return len(kept) * _HOUR_MS == last - first

    def _past_hour(self, by: str, hour: int, total: Groups, final: list[Row]) -> int:
        """Sum up an hour, for good where nothing of it will change; of how many calls."""
        sums: Groups = {"": Counter()}
        calls, still_open = self._live(by, hour, hour + _HOUR_MS, sums)
        if self._is_final(hour + _HOUR_MS, still_open):
            final += [(by, hour, value, *(found[name] for name in _SUMMED)) for value, found in sums.items()]
        _add(sums, total)
        return calls

    def _recent(self, by: str, since_ms: int, until_ms: int, total: Groups) -> bool:
        """Add less than two hours, slice by slice; False where too much of it is new to be summed at once."""
        read = 0
        at_ms = since_ms
        while at_ms < until_ms:
            end_ms = min((at_ms // _SLICE_MS + 1) * _SLICE_MS, until_ms)
            kept = self._slices.get((by, at_ms)) if end_ms - at_ms == _SLICE_MS else None
            if kept is not None:
                _add(kept, total)
            elif read >= CALLS_AT_ONCE and self._is_final(end_ms, 0):
                return False
            else:
                read += self._slice(by, at_ms, end_ms, total)
            at_ms = end_ms
        return True

    def _slice(self, by: str, since_ms: int, until_ms: int, total: Groups) -> int:
        """Add a slice or the part of one; of how many calls, where it is a whole one that need not be read again."""
        sums: Groups = {}
        calls, still_open = self._live(by, since_ms, until_ms, sums)
        _add(sums, total)
        if until_ms - since_ms < _SLICE_MS or not self._is_final(until_ms, still_open):
            return 0
        oldest_ms = self._now_ms() - 2 * _HOUR_MS
        self._slices = {key: kept for key, kept in self._slices.items() if key[1] >= oldest_ms}
        self._slices[by, since_ms] = sums
        return calls

    def _is_final(self, ended_ms: int, still_open: int) -> bool:
        over_ms = self._now_ms() - ended_ms
        return over_ms >= _LATE_MS or (over_ms >= _QUIET_MS and not still_open)

    def _keep(self, by: str, final: list[Row]) -> None:
        if final:
            with self._handle.changing() as connection:
                connection.executemany(_KEEP, final)
                connection.execute(_FORGET_HOURS, (by, self._now_ms() - _KEPT_HOURS_MS))

    def _live(self, by: str, since_ms: int, until_ms: int, total: Groups) -> tuple[int, int]:
        """Add what calls of this time came to; of how many, and how many attempts of them are still open."""
        query, names = queries.sums((by,) if by else ())
        calls = still_open = 0
        for low, high, count in self._pages(since_ms, until_ms):
            calls += count
            with self._handle.reading() as connection:
                for row in connection.execute(query, (*names, low, high, since_ms, until_ms)):
                    value, counts = (row[0], row[1:]) if by else ("", row)
                    found = usage_row((value,), dict(enumerate(counts)))
                    still_open += found.open
                    total.setdefault(value, Counter()).update(
                        attempts=found.attempts - found.open,
                        cost_nanos=found.cost_nanos,
                        input_tokens=found.usage.input_tokens,
                        cache_read_input_tokens=found.usage.cache_read_input_tokens,
                    )
        return calls, still_open

    def _pages(self, since_ms: int, until_ms: int) -> Iterator[tuple[int, int, int]]:
        """Ranges `low < id <= high` and how many calls are in each, at most `PAGE`, that together hold every call which arrived in this time."""
        if since_ms >= until_ms:
            return
        low, last = queries.id_floor(since_ms), max(until_ms - EPOCH_MS + _AFTER_ID_MS, 0) << 22
        while True:
            with self._handle.reading() as connection:
                high, count = connection.execute(_PAGE, (low, last, PAGE)).fetchone()
            if not count:
                return
            yield low, high, count
            low = high

    def _begun(self, begun: dict[tuple[str, str], int], now_ms: int) -> dict[tuple[str, str], int]:
        """The first turns of these runs as they were when first seen; kept for those that are new."""
        with self._handle.reading() as connection:
            found = {who: connection.execute(_FIRST, who).fetchone() for who in begun}
        fresh = [(*who, begun[who], now_ms) for who, row in found.items() if row is None]
        if fresh:
            with self._handle.changing() as connection:
                connection.executemany(_BEGIN_RUN, fresh)
                connection.execute(_FORGET_RUNS, (now_ms - _KEPT_RUNS_MS,))
        return {who: begun[who] if row is None else row[0] for who, row in found.items()}

    def _overruns(self, since_ms: int) -> tuple[Happening, ...]:
        found: Counter[str] = Counter()
        low = queries.id_floor(since_ms)
        while True:
            with self._handle.reading() as connection:
                high, count = connection.execute(_ATTEMPT_PAGE, (low, 4 * PAGE)).fetchone()
                if not count:
                    return tuple(overruns(model, times) for model, times in sorted(found.items()))
                found.update(dict(connection.execute(_OVERRUNS, (low, high)).fetchall()))
            low = high

    def _all(self, query: str, *values: object) -> list[Any]:
        with self._handle.reading() as connection:
            return connection.execute(query, values).fetchall()


_SUMMED = ("attempts", "cost_nanos", "input_tokens", "cache_read_input_tokens")


def _add(sums: Groups, total: Groups) -> None:
    for value, found in sums.items():
        total.setdefault(value, Counter()).update(found)


def _standing(row: tuple[str, str, str, str, int, int, int, int]) -> Standing:
    budget, value, unit, window, posted, held, unknown, closes_ms = row
    return Standing(AccountKey(budget, value, Unit(unit), window), None, posted, held, unknown, closes_ms=closes_ms)
