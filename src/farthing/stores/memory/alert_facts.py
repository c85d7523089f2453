"""What alerts ask of a ledger in memory, answered from its records."""

from collections import Counter
from collections.abc import Iterator

from farthing.alerts.runs import closed_gate, overruns, unknown_outcomes
from farthing.domain.budget import Standing, Unit
from farthing.ports.alerts import FIRST_TURNS, Context, Happening, Sums
from farthing.ports.directory import Directory
from farthing.ports.history import History
from farthing.ports.records import AttemptRecord, CallSummary, Records
from farthing.stores.memory.alerts import MemoryOutbox
from farthing.stores.successes import successes

MOST_CALLS = 10_000
"""The newest calls that are looked at one by one."""


class MemoryFacts:
    """`farthing.ports.alerts.Facts` in memory. Any thread may call."""

    def __init__(
        self, records: Records, directory: Directory, outbox: MemoryOutbox, history: History | None = None
    ) -> None:
        """Without a `history` nobody says which runs succeeded."""
        self._records = records
        self._history = history
        self._directory = directory
        self._outbox = outbox
        self._asked = 0
        self._first: dict[tuple[str, str], int] = {}

    def stamp(self) -> int:
        """Always another number: what is in memory is quick to look at."""
        self._asked += 1
        return self._asked

    def accounts(self, budget: str, unit: Unit, windows: tuple[str, ...], at_least: int) -> tuple[Standing, ...]:
        return tuple(
            standing
            for standing in self._records.accounts(budget)
            if standing.account.unit is unit
            and (standing.account.window in windows or (not windows and standing.account.window.startswith("run:")))
            and standing.posted + standing.unknown >= at_least
        )

    def sums(self, by: str, since_ms: int, until_ms: int) -> tuple[Sums, ...] | None:
        rows = self._records.usage(by=(by,) if by else (), since_ms=since_ms, until_ms=until_ms)
        told = successes(self._history, by, since_ms, until_ms) if self._history is not None else {}
        found = (
            Sums(
                value=row.group[0] if by else "",
                successes=told.get(row.group[0] if by else ""),
                attempts=row.attempts - row.open,
                cost_nanos=row.cost_nanos,
                input_tokens=row.usage.input_tokens,
                cache_read_input_tokens=row.usage.cache_read_input_tokens,
            )
            for row in rows
        )
        return tuple(sums for sums in found if sums.attempts)

    def contexts(self, since_ms: int, until_ms: int) -> tuple[Context, ...]:
        turns: dict[tuple[str, str], list[int]] = {}
        for call in reversed(self._calls(since_ms, until_ms)):
            labels = dict(call.labels)
            if "run" in labels:
                tokens = [attempt.usage.input_tokens for attempt in self._attempts(call) if attempt.usage]
                turns.setdefault((labels["run"], labels.get("agent", "")), []).extend(filter(None, tokens))
        return tuple(
            Context(
                run=who[0],
                agent=who[1],
                first_tokens=self._first.setdefault(who, sum(tokens[:FIRST_TURNS])),
                last_tokens=sum(tokens[-FIRST_TURNS:]),
            )
            for who, tokens in sorted(turns.items())
            if len(tokens) >= FIRST_TURNS
        )

    def happenings(self, kind: str, since_ms: int) -> tuple[Happening, ...]:
        match kind:
            case "overrun":
                flagged = (
                    attempt
                    for call in self._calls(since_ms)
                    for attempt in self._attempts(call)
                    if attempt.state == "settled" and any(flag.startswith("overran_") for flag in attempt.flags)
                )
                return tuple(overruns(model, times) for model, times in _by_model(flagged))
            case "unknown":
                unknown = (
                    attempt
                    for call in self._calls(0)
                    if call.open
                    for attempt in self._attempts(call)
                    if attempt.state == "unknown"
                )
                return tuple(unknown_outcomes(model, times) for model, times in _by_model(unknown))
            case "provider_overran":
                return tuple(closed_gate(gate.name, gate.detail) for gate in self._directory.load().gates)
            case _:
                return self._noted(kind, since_ms)

    def close(self) -> None:
        """Nothing is open."""

    def _noted(self, kind: str, since_ms: int) -> tuple[Happening, ...]:
        events = self._outbox.events(kind, since_ms)
        times = Counter(event.subject for event in events)
        last = {event.subject: event.detail for event in events}
        return tuple(Happening(subject=whom, times=times[whom], detail=last[whom]) for whom in sorted(last))

    def _calls(self, since_ms: int, until_ms: int = 2**63) -> list[CallSummary]:
        """The newest first."""
        newest = self._records.recent(limit=MOST_CALLS)
        return [call for call in newest if since_ms <= call.arrived_ms < until_ms]

    def _attempts(self, call: CallSummary) -> tuple[AttemptRecord, ...]:
        record = self._records.call(call.id)
        return record.attempts if record else ()


def _by_model(attempts: Iterator[AttemptRecord]) -> list[tuple[str, int]]:
    return sorted(Counter(f"{one.opening.provider}/{one.opening.model}" for one in attempts).items())
