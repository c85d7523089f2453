"""Frames of `farthing top` from a store's file, with or without a gateway running on it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from farthing.accounts.standing import standings
from farthing.cli.budgets.words import present
from farthing.cli.options import Store, open_store
from farthing.cli.receipt.command import cards
from farthing.cli.summing import sum_up_first
from farthing.cli.top.frame import (
    BUSY_BY,
    CALLS,
    HOUR_MS,
    NOW_MS,
    AlertLine,
    BudgetLine,
    Busy,
    CallLine,
    Frame,
    Spend,
    busiest,
    midnight,
)
from farthing.config.settings import Settings
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.ids import show
from farthing.domain.record import Labels
from farthing.ports.alerts import Alert
from farthing.ports.history import History
from farthing.ports.records import CallSummary, UsageRow
from farthing.stores.sqlite.alerts import SqliteOutbox
from farthing.stores.sqlite.history import SqliteHistory

MOST_ALERTS = 5
_WHO = ("run", "agent", "user", "team")


class StoreFeed:
    """Reads one store, again and again. Raises LedgerUnavailable while it cannot be read."""

    def __init__(
        self, store: Store, history: History, outbox: SqliteOutbox, settings: Settings, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._history = history
        self._outbox = outbox
        self._settings = settings
        self._clock = clock

    def read(self) -> Frame:
        now_ms = self._clock()
        with suppress(LedgerUnavailable):  # then it is only slower
            self._history.sum_up()  # a piece with each frame: where no gateway runs, nobody else does
        rows = self._history.usage(by=BUSY_BY, since_ms=now_ms - HOUR_MS, until_ms=now_ms + 1)
        return Frame(
            at_ms=now_ms,
            source=str(self._store.path),
            now=self._since(now_ms - NOW_MS, now_ms),
            hour=spend_of(rows),
            today=self._since(midnight(now_ms), now_ms),
            budgets=self._budgets(now_ms),
            busy={group: busiest(list(_busy(rows, place))) for place, group in enumerate(BUSY_BY)},
            calls=tuple(map(_call, self._store.records.recent(limit=CALLS))),
            alerts=tuple(map(_alert, self._outbox.recent(limit=MOST_ALERTS, firing=True))),
        )

    def _since(self, since_ms: int, now_ms: int) -> Spend:
        return spend_of(self._history.usage(by=(), since_ms=since_ms, until_ms=now_ms + 1))

    def _budgets(self, now_ms: int) -> tuple[BudgetLine, ...]:
        store = self._store
        grants = store.directory.load().grants
        found = standings(
            store.budgets(self._settings), store.records.accounts(), grants, lambda budget: present(budget, now_ms)
        )
        lines = (
            BudgetLine(
                name=each.budget.name,
                value=line.account.value or _run(line.account.window),
                unit=line.account.unit,
                limit=line.limit or 0,
                spent=line.posted + line.unknown,
                held=line.held,
            )
            for each in found
            for line in each.lines
        )
        return tuple(sorted(lines, key=lambda line: -line.used_millionths))


@contextmanager
def store_feed(settings: Settings, clock: Callable[[], int]) -> Iterator[StoreFeed]:
    """The feed of this configuration's store. Raises Said where there is none."""
    with open_store(settings) as store:
        history = SqliteHistory(store.path, now_ms=clock)
        history.price_with(cards(settings))
        outbox = SqliteOutbox(store.path)
        try:
            sum_up_first(history, midnight(clock()), clock() + 1)
            yield StoreFeed(store, history, outbox, settings, clock)
        finally:
            history.close()
            outbox.close()


def spend_of(rows: Iterable[UsageRow]) -> Spend:
    """All of them together."""
    rows = tuple(rows)
    return Spend(
        nanos=sum(row.cost_nanos for row in rows),
        calls=sum(row.calls for row in rows),
        refused=sum(row.refused for row in rows),
        open=sum(row.open for row in rows),
    )


def who(labels: Labels) -> str:
    """Whose call it is, in a word or two."""
    told = dict(labels)
    return " ".join(told[name] for name in _WHO if name in told)


def _busy(rows: Iterable[UsageRow], place: int) -> Iterator[tuple[str, Busy]]:
    for row in rows:
        tokens = row.usage.input_tokens + row.usage.output_tokens
        yield row.group[place], Busy(name=row.group[place], calls=row.calls, tokens=tokens, nanos=row.cost_nanos)


def _run(window: str) -> str:
    return window.removeprefix("run:") if window.startswith("run:") else ""


def _call(call: CallSummary) -> CallLine:
    return CallLine(
        id=show("call", call.id),
        arrived_ms=call.arrived_ms,
        model=call.model,
        outcome=call.code or call.outcome,
        who=who(call.labels),
        tokens=call.input_tokens + call.output_tokens,
        nanos=call.cost_nanos,
        open=call.open,
    )


def _alert(alert: Alert) -> AlertLine:
    return AlertLine(at_ms=alert.at_ms, title=alert.title)
