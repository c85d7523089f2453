"""History on the ledger's file."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from farthing.domain.record import Labels
from farthing.ports.history import CardOf, MeterRow, OutcomeRow, RunRow
from farthing.ports.records import CallRecord, UsageRow
from farthing.stores.memory.history import MemoryHistory, no_card
from farthing.stores.sqlite.connect import Connect
from farthing.stores.sqlite.outcomes import SqliteOutcomes
from farthing.stores.sqlite.records import SqliteRecords


class _Whole:
    def __init__(self, records: SqliteRecords) -> None:
        self.records = records

    def oldest_first(self) -> list[CallRecord]:
        ids = []
        before = None
        while page := self.records.recent(limit=1000, before_id=before):
            ids += [line.id for line in page]
            before = page[-1].id
        return [found for number in reversed(ids) if (found := self.records.call(number))]


class SqliteHistory:
    """`farthing.ports.history.History` on SQLite. Any thread may call."""

    def __init__(self, path: Path, *, now_ms: Callable[[], int], connect: Connect = sqlite3.connect) -> None:
        self._records = SqliteRecords(path, connect=connect)
        self._outcomes = SqliteOutcomes(path, connect=connect)
        self._all = MemoryHistory(_Whole(self._records), self._outcomes)  # type: ignore[arg-type]
        self._all.price_with(no_card)

    def usage(self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()) -> tuple[UsageRow, ...]:
        return self._all.usage(by=by, since_ms=since_ms, until_ms=until_ms, where=where)

    def meters(self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()) -> tuple[MeterRow, ...]:
        return self._all.meters(by=by, since_ms=since_ms, until_ms=until_ms, where=where)

    def runs(
        self,
        *,
        since_ms: int,
        until_ms: int,
        where: Labels = (),
        order: str = "last",
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[RunRow, ...]:
        return self._all.runs(
            since_ms=since_ms, until_ms=until_ms, where=where, order=order, limit=limit, offset=offset
        )

    def run(self, name: str) -> RunRow | None:
        return self._all.run(name)

    def outcomes(
        self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()
    ) -> tuple[OutcomeRow, ...]:
        return self._all.outcomes(by=by, since_ms=since_ms, until_ms=until_ms, where=where)

    def sum_up(self) -> bool:
        return False

    def price_with(self, card_of: CardOf) -> None:
        self._all.price_with(card_of)

    def close(self) -> None:
        self._records.close()
        self._outcomes.close()
