"""The drivers of a stretch of time, read through the records: two passes, the first to learn what is usual.

`divide(records, …)` is exact over the calls that it covers, and says which those are.
"""

import msgspec

from farthing.domain.record import Labels
from farthing.ports.history import CardOf
from farthing.ports.records import CallSummary, Records
from farthing.reports.drivers import Driver, DriverRow, Drivers, Siblings
from farthing.reports.reading import Progress, calls, look, no_progress
from farthing.reports.verbosity import References


class Division(msgspec.Struct, frozen=True, kw_only=True):
    """What was spent for what."""

    rows: tuple[DriverRow, ...]
    calls: int
    in_runs: int
    """Calls that belong to a run: only these have a past, so only in these can anything be sent again."""
    since_ms: int
    """What is really covered: later than was asked for where there were more calls than `most`."""
    complete: bool

    @property
    def nanos(self) -> int:
        """The spend that is divided, in nano-dollars."""
        return sum(row.nanos for row in self.rows)

    def by_driver(self) -> dict[Driver, int]:
        """Nano-dollars of all groups, in the order of `DRIVERS`."""
        sums = dict.fromkeys(Driver, 0)
        for row in self.rows:
            sums[row.driver] += row.nanos
        return sums


def divide(
    records: Records,
    *,
    span_ms: tuple[int, int],
    where: Labels = (),
    by: tuple[str, ...] = (),
    siblings: Siblings,
    card_of: CardOf,
    most: int,
    progress: Progress = no_progress,
) -> Division:
    """The newest `most` calls that arrived in `span_ms[0] <= t < span_ms[1]`, divided; `by` are labels.

    What a run sent before the first call that is covered is not known: it counts as new. Blocking; raises
    LedgerUnavailable.
    """
    references, in_runs = References(), 0

    def learn(call: CallSummary) -> None:
        nonlocal in_runs
        in_runs += any(name == "run" for name, _ in call.labels)
        if call.outcome == "paid" and call.output_tokens:
            references.take(call.labels, call.model, call.output_tokens)

    span = look(records, span_ms=span_ms, where=where, most=most, visit=learn, progress=progress)
    drivers = Drivers(references=references, siblings=siblings, card_of=card_of, by=by)
    for record in calls(records, span.ids, progress):
        drivers.take(record)
    return Division(
        rows=drivers.rows(), calls=len(span.ids), in_runs=in_runs, since_ms=span.since_ms, complete=span.complete
    )
