"""Reading what the ledger recorded: on its own connection, in pages, so that no read keeps the log from shrinking."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.record import Labels
from farthing.ports.records import CallRecord, CallSummary, Ratio, UsageRow
from farthing.stores.sqlite import queries, record_rows
from farthing.stores.sqlite.connect import Connect, open_reader
from farthing.stores.sqlite.handle import Handle

PAGE = 5_000
"""Calls read in one transaction: about 20 ms."""
RATIO_PAST = 20_000
"""The most attempts looked at to learn ratios."""


class SqliteRecords:
    """`farthing.ports.records.Records` on SQLite. Any thread may call."""

    def __init__(self, path: Path, *, connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(open_reader, path, connect=connect))

    def call(self, id: int) -> CallRecord | None:
        with self._handle.reading() as connection:
            opening = connection.execute(queries.CALL, (id,)).fetchone()
            if opening is None:
                return None
            attempts = connection.execute(queries.ATTEMPTS, (id, id)).fetchall()
            adjustments = connection.execute(queries.ADJUSTMENTS, (id, id)).fetchall()
            accounts = {number: _account(connection, number) for number in record_rows.accounts_in(attempts)}
        return record_rows.call_record(opening, attempts, adjustments, accounts)

    def recent(
        self,
        *,
        limit: int,
        before_id: int | None = None,
        key: str | None = None,
        labels: Labels = (),
        outcome: str | None = None,
        run: str | None = None,
        from_id: int = 0,
    ) -> tuple[CallSummary, ...]:
        wanted = (*labels, *((("run", run),) if run is not None else ()))
        where, values = queries.filters(key=key, labels=wanted, outcome=outcome)
        found: list[CallSummary] = []
        for low, high in self._pages_back(before_id, PAGE if where else limit):
            with self._handle.reading() as connection:
                query = queries.SUMMARIES.format(where=where)
                bounds = max(low, from_id), high, *values, limit - len(found)
                found += map(record_rows.summary, connection.execute(query, bounds))
            if len(found) == limit or low <= from_id:
                break
        return tuple(found)

    def reach(self, calls: int, before_id: int | None = None) -> int:
        with self._handle.reading() as connection:
            before = queries.NO_ID if before_id is None else before_id
            oldest, count = connection.execute(queries.PAGE_BACK, (before, calls + 1)).fetchone()
            if count <= calls:
                return 0
            (next_one,) = connection.execute("SELECT min(id) FROM call WHERE id > ?", (oldest,)).fetchone()
            return int(next_one)

    def usage(self, *, by: tuple[str, ...], since_ms: int, until_ms: int) -> tuple[UsageRow, ...]:
        query, names = queries.sums(by)
        groups: dict[tuple[str, ...], Counter[int]] = {}
        for low, high in self._pages_on(queries.id_floor(since_ms)):
            with self._handle.reading() as connection:
                for row in connection.execute(query, (*names, low, high, since_ms, until_ms)):
                    sums = groups.setdefault(row[: len(by)], Counter())
                    sums.update(dict(enumerate(row[len(by) :])))
        return tuple(record_rows.usage_row(group, sums) for group, sums in sorted(groups.items()))

    def accounts(self, budget: str | None = None) -> tuple[Standing, ...]:
        found: list[Standing] = []
        last = 0
        while True:
            with self._handle.reading() as connection:
                page = connection.execute(queries.ACCOUNTS, (last, budget, PAGE)).fetchall()
            found += map(record_rows.standing, page)
            if len(page) < PAGE:
                return tuple(sorted(found, key=lambda standing: standing.account))
            last = page[-1][0]

    def ratios(self, limit: int = 1_000) -> Iterator[Ratio]:
        seen: Counter[tuple[str, str]] = Counter()
        before = queries.NO_ID
        for _ in range(RATIO_PAST // PAGE):
            with self._handle.reading() as connection:
                page = connection.execute(queries.RATIOS, (before, PAGE)).fetchall()
            for _, tells, provider, model, text_bytes, input_tokens in page:
                if tells and seen[provider, model] < limit:
                    seen[provider, model] += 1
                    yield Ratio(provider, model, text_bytes, input_tokens)
            if len(page) < PAGE:
                return
            before = page[-1][0]

    def context_of(self, tenant: str, response_id: str) -> int | None:
        found = self._response(tenant, response_id)
        return found[1] if found else None

    def pending_response(self, tenant: str, response_id: str) -> int | None:
        found = self._response(tenant, response_id)
        return found[0] if found and found[1] is None else None

    def last_id(self) -> int:
        """The largest id in the file, whoever made it; 0 in a new file. For `Mint`."""
        with self._handle.reading() as connection:
            return int(connection.execute(queries.LAST_ID).fetchone()[0])

    def close(self) -> None:
        self._handle.close()

    def _response(self, tenant: str, response_id: str) -> tuple[int, int | None] | None:
        with self._handle.reading() as connection:
            found: tuple[int, int | None] | None = connection.execute(
                queries.RESPONSE, (tenant, response_id)
            ).fetchone()
        return found

    def _pages_back(self, before_id: int | None, size: int) -> Iterator[tuple[int, int]]:
        """Ranges `low <= id < high` of so many calls each, from the newest back."""
        high = queries.NO_ID if before_id is None else before_id
        while True:
            with self._handle.reading() as connection:
                low, count = connection.execute(queries.PAGE_BACK, (high, size)).fetchone()
            if count == 0:
                return
            yield low, high
            high = low

    def _pages_on(self, after: int) -> Iterator[tuple[int, int]]:
        """Ranges `low < id <= high` of so many calls each, from the oldest on."""
        while True:
            with self._handle.reading() as connection:
                high, count = connection.execute(queries.PAGE_ON, (after, PAGE)).fetchone()
            if count == 0:
                return
            yield after, high
            after = high


def _account(connection: sqlite3.Connection, number: int) -> AccountKey:
    budget, value, unit, window = connection.execute(queries.ACCOUNT, (number,)).fetchone()
    return AccountKey(budget, value, Unit(unit), window)
