"""Suspensions and runs for as long as the process lives."""

import threading
from collections.abc import Callable

import msgspec

from farthing.domain.record import Labels
from farthing.domain.suspension import Subject, Suspension
from farthing.ports.guards import Known, KnownRun
from farthing.stores import lives
from farthing.stores.memory.directory import Audited


class MemoryGuards:
    """`farthing.ports.guards.GuardStore` in memory. Any thread may call."""

    def __init__(self, *, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._version = 1
        self._suspensions: dict[Subject, Suspension] = {}
        self._resumed: dict[Subject, int] = {}
        self._runs: dict[str, tuple[KnownRun, int]] = {}
        self.audit: list[Audited] = []

    def known(self, since: int = 0) -> Known:
        with self._lock:
            return Known(
                version=self._version,
                suspensions=tuple(self._suspensions[subject] for subject in sorted(self._suspensions)),
                resumed=tuple(subject for subject, at in self._resumed.items() if since and at > since),
                runs=tuple(run for run, at in self._runs.values() if at > since),
            )

    def suspend(self, suspension: Suspension) -> None:
        with self._lock:
            self._suspensions[suspension.subject] = msgspec.structs.replace(suspension, at_ms=self._now_ms())
            self._changed(suspension.by, "suspend", f"{suspension.label} {suspension.value}")

    def resume(self, subject: Subject, by: str) -> bool:
        with self._lock:
            suspended = self._suspensions.pop(subject, None) is not None
            self._changed(by, "resume", " ".join(subject))
            self._resumed.pop(subject, None)
            self._resumed[subject] = self._version
        return suspended

    def start(
        self,
        name: str,
        *,
        by: str,
        parent: str = "",
        beat_every_ms: int | None = None,
        labels: Labels = (),
        who: str,
        here: bool = False,
    ) -> KnownRun:
        del here  # where the process dies, so does what is kept
        with self._lock:
            now_ms = self._now_ms()
            run = lives.started(
                self._find, name, now_ms=now_ms, by=by, parent=parent, beat_every_ms=beat_every_ms, labels=labels
            )
            return self._put(run, who, "run.start")

    def bereave(self) -> tuple[str, ...]:
        return ()

    def beat(self, name: str, *, by: str, admin: bool, beat_every_ms: int | None = None) -> KnownRun:
        with self._lock:
            run, keep = lives.beaten(
                self._find, name, now_ms=self._now_ms(), by=by, admin=admin, beat_every_ms=beat_every_ms
            )
            return self._put(run) if keep else run

    def end(self, name: str, *, by: str, admin: bool, who: str) -> KnownRun:
        with self._lock:
            return self._put(lives.ended(self._find, name, now_ms=self._now_ms(), by=by, admin=admin), who, "run.end")

    def reopen(self, name: str, *, who: str) -> KnownRun | None:
        with self._lock:
            run = lives.reopened(self._find, name, now_ms=self._now_ms())
            return None if run is None else self._put(run, who, "run.resume")

    def land(self, name: str, *, agent: str, owner: str = "") -> bool:
        with self._lock:
            run = lives.landed(self._find, name, now_ms=self._now_ms(), agent=agent, owner=owner)
            if run is not None:
                self._put(run, "a budget", "run.land")
            return run is not None

    def unland(self, name: str, *, agent: str) -> bool:
        with self._lock:
            run = lives.unlanded(self._find, name, agent=agent)
            if run is not None:
                self._put(run, "a budget", "run.unland")
            return run is not None

    def close(self) -> None:
        """Nothing to let go of."""

    def _find(self, name: str) -> KnownRun | None:
        found = self._runs.get(name)
        return None if found is None else found[0]

    def _put(self, run: KnownRun, who: str = "", action: str = "") -> KnownRun:
        self._version += 1
        self._runs.pop(run.name, None)
        self._runs[run.name] = (run, self._version)
        if action:
            self.audit.append(Audited(self._now_ms(), who, action, run.name))
        return run

    def _changed(self, by: str, action: str, subject: str) -> None:
        self._version += 1
        self.audit.append(Audited(self._now_ms(), by, action, subject))
