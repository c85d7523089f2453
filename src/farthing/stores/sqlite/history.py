"""History on the ledger's file: what is over from its sums, the rest from the calls themselves."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.record import AttemptOpening, Labels
from farthing.ports.history import CardOf, MeterRow, OtherCostRow, OutcomeRow, RunRow, Summing
from farthing.ports.records import UsageRow
from farthing.stores.dearest import dearest_rows
from farthing.stores.other_costs import other_cost_rows
from farthing.stores.sqlite.connect import Connect, open_reader
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.past.behind import Patience, due, left, summing
from farthing.stores.sqlite.past.cells import answer, dearest
from farthing.stores.sqlite.past.others import ANY, booked
from farthing.stores.sqlite.past.outcomes import outcome_rows
from farthing.stores.sqlite.past.question import Question
from farthing.stores.sqlite.past.rows import meter_rows, run_row, usage_rows
from farthing.stores.sqlite.past.runs import Runs, runs_now
from farthing.stores.sqlite.sums.rollup import Rollup
from farthing.stores.sqlite.sums.spans import Horizon, cover, whole_spans
from farthing.stores.sqlite.sums.tally import Explainer

MOST_UNSUMMED = 25_000
"""Calls that are read as they are while somebody waits for a page: about half a second."""


class SqliteHistory:
    """`farthing.ports.history.History` on SQLite. Any thread may call.

    Nothing is summed up before a price book is given: sums keep the explanation of their costs.

    `most_unsummed`: questions that would have to read more calls, of those that should be summed by now, raise
    PastUnsummed instead; without it they take as long as they take.
    """

    def __init__(
        self,
        path: Path,
        *,
        now_ms: Callable[[], int],
        most_unsummed: int | None = None,
        connect: Connect = sqlite3.connect,
    ) -> None:
        self._handle = Handle(partial(open_reader, path, connect=connect))
        self._rollup = Rollup(path, now_ms=now_ms, connect=connect)
        self._explainer = Explainer(_no_card)
        self._priced = False
        self._now_ms = now_ms
        self._patience = None if most_unsummed is None else Patience(most_unsummed, now_ms)

    def usage(
        self,
        *,
        by: tuple[str, ...],
        since_ms: int,
        until_ms: int,
        where: Labels = (),
        limit: int | None = None,
    ) -> tuple[UsageRow, ...]:
        question = Question(by, since_ms, until_ms, where).narrowed(self._run_span)
        if limit is not None:
            question = dearest(self._handle, question, self._explainer, limit, self._patience)
        found = answer(self._handle, question, self._explainer, patience=self._patience)
        rows = usage_rows((question.group(one), one.sums) for one in found)
        return rows if limit is None else dearest_rows(rows, limit)

    def meters(self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()) -> tuple[MeterRow, ...]:
        question = Question(by, since_ms, until_ms, where).narrowed(self._run_span)
        found = answer(self._handle, question, self._explainer, with_rates=True, patience=self._patience)
        return meter_rows((question.group(one), one.what.rates, one.sums) for one in found)

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
        question = Question((), since_ms, until_ms, where)
        with self._runs() as runs:
            listed = runs.listed(question, order, offset + limit)[offset:]
            return tuple(run_row(runs.connection, name, part) for name, part in listed)

    def run(self, name: str) -> RunRow | None:
        with self._runs(only=name) as runs:
            part = runs.find(name)
            return None if part is None else run_row(runs.connection, name, part)

    def outcomes(
        self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()
    ) -> tuple[OutcomeRow, ...]:
        with self._runs() as runs:
            return outcome_rows(runs, Question(by, since_ms, until_ms, where))

    def other_costs(
        self, *, by: tuple[str, ...], since_ms: int, until_ms: int, where: Labels = ()
    ) -> tuple[OtherCostRow, ...]:
        with self._handle.reading() as connection:
            (some,) = connection.execute(ANY, (since_ms, until_ms)).fetchone()
        if not some:
            return ()
        with self._runs() as runs:
            return other_cost_rows(booked(runs, Question(by, since_ms, until_ms, where)))

    def sum_up(self) -> bool:
        return self._priced and self._rollup.step(self._explainer)

    def summing(self, *, since_ms: int = 0) -> Summing:
        with self._handle.reading() as connection:
            return summing(connection, self._now_ms(), since_ms)

    def unsummed(self, *, since_ms: int, until_ms: int, most: int) -> int:
        """How many calls of this time should be summed by now and are not, or a few more; it stops at `most`."""
        with self._handle.reading() as connection:
            horizon, whole = Horizon.read(connection), whole_spans(connection)
        gaps = cover(whole, max(since_ms, 0), until_ms)[1]
        return left(self._handle.reading, horizon, due(gaps, self._now_ms()), most)

    def price_with(self, card_of: CardOf) -> None:
        self._explainer = Explainer(card_of)
        self._priced = True

    def close(self) -> None:
        self._handle.close()
        self._rollup.close()

    def _runs(self, only: str | None = None) -> AbstractContextManager[Runs]:
        return runs_now(self._handle, self._explainer, only, self._patience if only is None else None)

    def _run_span(self, name: str) -> tuple[int, int]:
        with self._runs(only=name) as runs:
            part = runs.find(name)
            return (0, 0) if part is None else (part.first_ms, part.last_ms + 1)


def _no_card(_: AttemptOpening) -> PriceCard | Unpriced:
    return Unpriced("no price book was given")
