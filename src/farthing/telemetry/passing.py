"""Passing spans on: each call once when it is over, in batches, from where the last process came to.

What is not taken is not forgotten: the ledger itself is the backlog, and the notes of how far this came are kept in the
store after each batch. Between the two a crash may send a batch twice; its spans have the same ids then.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from farthing.ports.records import Records
from farthing.ports.trail import Trail
from farthing.telemetry.follow import Follower, Progress, floor, since
from farthing.telemetry.present import Passed
from farthing.telemetry.spans import Span, span_of
from farthing.telemetry.tally import NaiveOf

BATCH = 256
"""Spans of one request, or a few more."""
KEEP_MS = 24 * 3_600_000
"""Calls older than this are dropped and counted when the endpoint was away for so long."""
_READ = msgspec.json.Decoder(Progress).decode


class Sender(Protocol):
    """An endpoint."""

    def send_spans(self, spans: Sequence[Span]) -> bool: ...


class Passing:
    """One exporter of spans. Blocking; for one thread."""

    def __init__(
        self,
        trail: Trail,
        records: Records,
        sender: Sender,
        *,
        naive_of: NaiveOf,
        hidden: frozenset[str],
        passed: Passed,
    ) -> None:
        self._trail = trail
        self._records = records
        self._sender = sender
        self._naive_of = naive_of
        self._hidden = hidden
        self._passed = passed

    def round(
        self, kept: bytes, keep: Callable[[bytes], bool], now_ms: int, late_ms: int, *, first_ms: int
    ) -> bytes | None:
        """Send what is over and was not sent, batch by batch, until there is no more. `kept` is what was kept last; where
        nothing was, calls since `first_ms` are news, and the next round sends them.

        Returns what is kept now; None where the endpoint did not take a batch, or somebody else does this now: what was
        kept is where to go on. Raises LedgerUnavailable.
        """
        if not kept:
            return self._noted(since(first_ms), keep)
        while True:
            progress = self._not_too_old(_READ(kept), now_ms)
            follower = Follower(self._trail, progress)
            before = progress.high, dict(progress.open)
            over = [found.call.opening.id for found in follower.news(now_ms, late_ms, BATCH) if found.over]
            spans = [span for number in over if (span := self._span(number)) is not None]
            if spans and not self._sender.send_spans(spans):
                self._passed.failures += 1
                return None
            self._passed.spans += len(spans)
            if not over and before == (follower.progress.high, follower.progress.open):
                return msgspec.json.encode(follower.progress)  # nothing that is worth a write
            noted = self._noted(follower.progress, keep)
            if noted is None or follower.caught_up:
                return noted
            kept = noted

    def _span(self, id: int) -> Span | None:
        call = self._records.call(id)  # whole: the trail's own records lack the accounts
        return None if call is None else span_of(call, naive_of=self._naive_of, hidden=self._hidden)

    @staticmethod
    def _noted(progress: Progress, keep: Callable[[bytes], bool]) -> bytes | None:
        noted = msgspec.json.encode(progress)
        return noted if keep(noted) else None

    def _not_too_old(self, progress: Progress, now_ms: int) -> Progress:
        oldest = floor(now_ms - KEEP_MS)
        if progress.high >= oldest:
            return progress
        self._passed.dropped += len(self._trail.ids(progress.high, oldest))
        return msgspec.structs.replace(progress, behind=oldest, high=oldest, seen=set())
