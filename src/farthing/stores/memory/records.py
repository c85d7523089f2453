"""Records for as long as the process lives: what the ledger in memory told, read as any other store's."""

from collections import Counter
from collections.abc import Iterator

from farthing.domain.budget import Standing
from farthing.domain.record import Labels
from farthing.ports.records import AttemptRecord, CallRecord, CallSummary, Ratio, UsageRow
from farthing.stores.memory.journal import Journal
from farthing.stores.memory.sums import groups_of, matches, row_of, summary_of


class Records(Journal):
    """`farthing.ports.records.Records` in memory, of the last calls that its journal keeps."""

    def call(self, id: int) -> CallRecord | None:
        return self._calls.get(id)

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
        found: list[CallSummary] = []
        for record in self._newest_first():
            if len(found) == limit or record.opening.id < from_id:
                break
            if (before_id is None or record.opening.id < before_id) and matches(record, key, wanted, outcome):
                found.append(summary_of(record))
        return tuple(found)

    def reach(self, calls: int, before_id: int | None = None) -> int:
        ids = [each.opening.id for each in self._newest_first() if before_id is None or each.opening.id < before_id]
        return ids[calls - 1] if len(ids) > calls else 0

    def usage(self, *, by: tuple[str, ...], since_ms: int, until_ms: int) -> tuple[UsageRow, ...]:
        groups: dict[tuple[str, ...], list[tuple[CallRecord, AttemptRecord | None]]] = {}
        for record in self._newest_first():
            if since_ms <= record.opening.arrived_ms < until_ms:
                for group, attempt in groups_of(record, by):
                    groups.setdefault(group, []).append((record, attempt))
        return tuple(row_of(group, members) for group, members in sorted(groups.items()))

    def accounts(self, budget: str | None = None) -> tuple[Standing, ...]:
        every = sorted(dict(self._accounts).items())
        return tuple(standing for account, standing in every if budget is None or account.budget == budget)

    def ratios(self, limit: int = 1_000) -> Iterator[Ratio]:
        seen: Counter[tuple[str, str]] = Counter()
        for record in self._newest_first():
            for attempt in reversed(record.attempts):
                opening, usage = attempt.opening, attempt.usage
                tells = usage and usage.input_tokens and opening.text_bytes and attempt.source == "provider"
                served = opening.provider, opening.model
                if usage and tells and seen[served] < limit:
                    seen[served] += 1
                    yield Ratio(*served, opening.text_bytes, usage.input_tokens)

    def context_of(self, tenant: str, response_id: str) -> int | None:
        return self._responses.get((tenant, response_id), (0, None))[1]

    def pending_response(self, tenant: str, response_id: str) -> int | None:
        attempt, tokens = self._responses.get((tenant, response_id), (None, None))
        return attempt if tokens is None else None

    def oldest_first(self) -> list[CallRecord]:
        """Every call that is kept."""
        calls = self.by_id()
        return [calls[number] for number in sorted(calls)]

    def by_id(self) -> dict[int, CallRecord]:
        """A copy made at once, whatever the ledger writes meanwhile."""
        return dict(self._calls)

    def _newest_first(self) -> list[CallRecord]:
        return self.oldest_first()[::-1]
