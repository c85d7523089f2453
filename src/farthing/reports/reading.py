"""Reading the calls of a stretch of time through the records, in bounded pieces.

`look(records, …)` finds them, the newest page first; `calls(records, ids)` reads them whole, in the order of arrival.
Blocking; both raise LedgerUnavailable.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from farthing.domain.record import Labels
from farthing.ports.records import CallRecord, CallSummary, Records

PAGE = 1_000
"""Summaries read at once."""
_SLACK_MS = 60_000
"""Pages are ordered by id, which may be made a little before a call's arrival is noted."""

Progress = Callable[[int, int | None], None]
"""Told how many steps are done, and how many there are; None while nobody knows."""


def no_progress(done: int, of: int | None) -> None:
    """For readings that are too short to be told about."""


class Span(msgspec.Struct, frozen=True):
    """The calls of a stretch of time."""

    ids: tuple[int, ...]
    """In the order of their arrival."""
    since_ms: int
    """What is really covered: later than was asked for where there were too many."""
    complete: bool


def look(
    records: Records,
    *,
    span_ms: tuple[int, int],
    where: Labels = (),
    most: int,
    visit: Callable[[CallSummary], None],
    progress: Progress = no_progress,
) -> Span:
    """The calls that arrived in `span_ms[0] <= t < span_ms[1]`, the newest `most` of them. Each is shown to `visit`."""
    since_ms, until_ms = span_ms
    found: list[int] = []
    oldest_ms = until_ms
    for page in _pages(records, where):
        for call in page:
            if not since_ms <= call.arrived_ms < until_ms:
                continue
            if len(found) == most:
                return Span(tuple(reversed(found)), oldest_ms, complete=False)
            found.append(call.id)
            oldest_ms = call.arrived_ms
            visit(call)
        progress(len(found), None)
        if page[-1].arrived_ms < since_ms - _SLACK_MS:
            break
    return Span(tuple(reversed(found)), since_ms, complete=True)


def calls(records: Records, ids: Sequence[int], progress: Progress = no_progress) -> Iterator[CallRecord]:
    """These calls, whole. One that was taken away meanwhile is left out."""
    for done, number in enumerate(ids):
        if done % PAGE == 0:
            progress(done, len(ids))
        if (record := records.call(number)) is not None:
            yield record
    progress(len(ids), len(ids))


def _pages(records: Records, where: Labels) -> Iterator[tuple[CallSummary, ...]]:
    """Pages of calls, the newest first."""
    last: int | None = None
    while page := records.recent(limit=PAGE, before_id=last, labels=where):
        yield page
        last = page[-1].id
