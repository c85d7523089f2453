"""Telemetry at work: one thread beside the gateway that keeps the tally current and passes spans and metrics on.

It does nothing until somebody scrapes or an endpoint is configured, and never anything on a call's way.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from farthing.domain.errors import LedgerUnavailable
from farthing.ports.trail import Trail
from farthing.telemetry import prometheus
from farthing.telemetry.families import Family, of_tally
from farthing.telemetry.passing import Passing
from farthing.telemetry.tally import Tally

log = logging.getLogger("farthing.telemetry")

ROUND_SECONDS = 1.0
PIECE = 500
"""Calls taken into the tally before other threads get their turn."""
BREATH_SECONDS = 0.005
KEEP_EVERY_MS = 60_000
"""How often the tally is kept in the store, so that a restart need not sum everything again."""
LEASE_MS = 120_000
"""How long a process that passes on may be silent before another one does it."""
LONGEST_REST_MS = 60_000
STOP_SECONDS = 5.0
TALLY, OTLP = "tally", "otlp"


class MetricsSender(Protocol):
    """An endpoint that takes metrics."""

    def send_metrics(self, families: Iterable[Family], *, ledger_ms: int, process_ms: int, now_ms: int) -> bool: ...


class Exports(Protocol):
    """What is exported, built by whoever knows the endpoint."""

    passing: Passing | None
    metrics: MetricsSender | None
    every_ms: int

    def close(self) -> None: ...


class Rest:
    """When an endpoint that did not take something is tried again: after a second, then twice as long each time."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._length_ms = 0
        self._until_ms = 0

    def over(self, now_ms: int) -> bool:
        return now_ms >= self._until_ms

    def begin(self, now_ms: int) -> None:
        self._length_ms = min(max(1_000, 2 * self._length_ms), LONGEST_REST_MS)
        self._until_ms = now_ms + self._length_ms
        log.warning(
            "the OTLP endpoint did not take %s; trying again in %d s. If it never takes them, write %s = false under "
            "[telemetry]",
            self._what,
            self._length_ms // 1_000,
            self._what,
        )

    def end(self) -> None:
        self._length_ms = self._until_ms = 0


class Running:
    """All of it, for one store. `holder` names this process among those that share the store."""

    def __init__(
        self,
        trail: Trail,
        tally: Tally,
        *,
        holder: str,
        clock: Callable[[], int],
        late_ms: Callable[[], int],
        present: Callable[[], Iterable[Family]],
        exports: Exports | None = None,
    ) -> None:
        self._trail = trail
        self._tally = tally
        self._holder = holder
        self._clock = clock
        self._late_ms = late_ms
        self._present = present
        self._exports = exports
        self._counts = exports is not None and exports.metrics is not None
        self._at_it = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._ready = False
        self._taken_up = False
        self._kept_ms = 0
        self._told_ms = 0
        self._leased_ms = 0
        self._spans_rest, self._metrics_rest = Rest("spans"), Rest("metrics")
        self._noted: bytes | None = None
        """How far spans were passed on; None where another process does it."""
        self._started_ms = clock()
        self._began_ms: int | None = None

    def start(self) -> None:
        """Begin to export, where there is anything to export to."""
        if self._exports is not None:
            self._ensure_thread()

    def scrape(self) -> bytes | None:
        """The metrics as Prometheus reads them; None while the past is still being summed for the first time.

        Blocking: call off the event loop. Raises LedgerUnavailable.
        """
        self._counts = True
        self._ensure_thread()
        if not self._ready:
            return None
        with self._at_it:
            self._tally.bring_on(self._clock(), self._late_ms(), PIECE)
            return prometheus.text(self.families())

    def families(self) -> list[Family]:
        """Everything there is to tell now."""
        return [*of_tally(self._tally), *self._present()]

    def forget(self, label: str, value: str, pseudonym: str) -> None:
        """Somebody was erased: the pseudonym takes the name's place in what was counted, in the store too. Blocking."""
        with self._at_it:
            self._tally.rename(label, value, pseudonym)
        self._keep()

    def stop(self) -> None:
        """End the thread; what is over is passed on once more, and the tally kept. Blocking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
        if self._exports is not None:
            self._exports.close()  # an endpoint that hangs is not waited for any longer
        if self._thread is not None:
            self._thread.join()

    def _ensure_thread(self) -> None:
        if self._thread is None and not self._stop.is_set():
            self._thread = threading.Thread(target=self._work, name="farthing telemetry", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            last = self._stop.is_set()
            self._safely(self._count)
            self._safely(self._export_last if last else self._export)
            if last:
                self._safely(self._keep)
                return
            self._stop.wait(ROUND_SECONDS)

    def _safely(self, act: Callable[[], None]) -> None:
        try:
            act()
        except LedgerUnavailable as error:
            log.warning("telemetry waits until the store is back: %s", error)
        except Exception:
            log.exception("a round of telemetry failed; the next one follows")

    def _count(self) -> None:
        """Bring the tally up to the present, a piece at a time."""
        if not self._counts:
            return
        while True:
            with self._at_it:
                if not self._taken_up:
                    self._take_up()
                self._tally.bring_on(self._clock(), self._late_ms(), PIECE)
                current = self._tally.caught_up
            if current or self._stop.wait(BREATH_SECONDS):
                break
        self._ready = self._ready or current
        if self._clock() - self._kept_ms >= KEEP_EVERY_MS:
            self._keep()

    def _take_up(self) -> None:
        kept = self._trail.take(TALLY, TALLY, self._clock(), 0)  # whoever counts comes to the same: nobody has it alone
        if kept:
            self._tally.go_on(kept)
        self._taken_up = True

    def _keep(self) -> None:
        if self._taken_up:
            with self._at_it:
                self._trail.keep(TALLY, TALLY, self._tally.keep())
            self._kept_ms = self._clock()

    def _export_last(self) -> None:
        self._export(last=True)
        if self._exports is not None:
            self._trail.let_go(OTLP, self._holder)

    def _export(self, *, last: bool = False) -> None:
        exports, now_ms = self._exports, self._clock()
        if exports is None:
            return
        if now_ms >= self._leased_ms - LEASE_MS // 2:
            self._noted = self._trail.take(OTLP, self._holder, now_ms, now_ms + LEASE_MS)
            self._leased_ms = now_ms + LEASE_MS
        if self._noted is None:  # another process of this store does it
            return
        if exports.passing is not None and (last or self._spans_rest.over(now_ms)):
            self._pass_spans(exports.passing, self._noted)
        due = last or (self._metrics_rest.over(now_ms) and now_ms - self._told_ms >= exports.every_ms)
        if exports.metrics is not None and self._ready and due:
            self._tell_metrics(exports.metrics, now_ms)

    def _pass_spans(self, passing: Passing, noted: bytes) -> None:
        def keep(progress: bytes) -> bool:
            return self._trail.keep(OTLP, self._holder, progress)

        after = passing.round(noted, keep, self._clock(), self._late_ms(), first_ms=self._started_ms)
        if after is not None:
            self._noted = after
            self._spans_rest.end()
        else:
            self._leased_ms = 0  # begin where the last batch was kept
            self._spans_rest.begin(self._clock())

    def _tell_metrics(self, sender: MetricsSender, now_ms: int) -> None:
        with self._at_it:
            families = self.families()
        ledger_ms, process_ms = min(self._began(), now_ms), min(self._started_ms, now_ms)
        if sender.send_metrics(families, ledger_ms=ledger_ms, process_ms=process_ms, now_ms=now_ms):
            self._told_ms = now_ms
            self._metrics_rest.end()
        else:
            self._metrics_rest.begin(self._clock())

    def _began(self) -> int:
        """When the first call of this ledger arrived: the sums are since then, whatever was restarted meanwhile."""
        if self._began_ms is None:
            first = self._trail.after(0, 1)
            if not first:
                return self._started_ms
            self._began_ms = first[0].opening.arrived_ms
        return self._began_ms
