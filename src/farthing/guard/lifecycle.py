"""The register of runs: who started them, whether their owner still lives, and whether a call of theirs may go."""

from collections.abc import Iterable, Iterator

import msgspec

from farthing.guard.run import MOST_LANDINGS, LifeRules, Phase, Run
from farthing.ports.guards import KnownRun

MOST_RUNS = 65_536
_DEEPEST = 32
"""Parents above a run that are looked at."""


class Goes(msgspec.Struct, frozen=True):
    """The life of its run does not keep this call from going."""


class Stopped(msgspec.Struct, frozen=True):
    """The call is refused. `code` is `run_ended`, `run_orphaned` or `run_landed`."""

    code: str
    message: str


class Denied(msgspec.Struct, frozen=True):
    """Someone asked for what only a run's owner or an administrator may do, or what no longer can be done."""

    message: str


class Turn(msgspec.Struct, frozen=True):
    """A run that is in another phase than when it was last told."""

    run: Run
    was: Phase | None
    now: Phase
    why: str = ""
    """Of an orphaned run: how its owner is known to have stopped."""


GOES = Goes()


class Runs:
    """All runs that are remembered: at most `most`, the longest untouched are forgotten first.

    A call touches the runs above its own too, so that an ended parent is remembered as long as a child calls.
    One that is forgotten is begun anew by its next call. Time never goes back here.
    """

    __slots__ = ("_heard_since_ms", "_most", "_now_ms", "_runs", "_told", "rules")

    def __init__(self, rules: LifeRules | None = None, *, known: Iterable[Run] = (), most: int = MOST_RUNS) -> None:
        """`known` are runs remembered elsewhere, the longest untouched first."""
        self.rules = LifeRules() if rules is None else rules
        self._most = most
        self._now_ms = 0
        self._heard_since_ms = 0
        self._runs: dict[str, Run] = {}
        self._told: dict[str, Phase] = {}
        for run in known:
            self._keep(msgspec.structs.replace(run, in_flight=0))

    def start(
        self,
        name: str,
        *,
        now_ms: int,
        by: str = "",
        parent: str = "",
        beat_every_ms: int | None = None,
    ) -> Run | Denied:
        """Announce a run, or say more of one that goes on. Safe to repeat by whoever owns it; ended runs stay ended."""
        now_ms = self._at(now_ms)
        run = self._runs.get(name, Run(name=name, owner=by, started_ms=now_ms))
        if run.owner != by:
            return _not_yours(run)
        if run.ended_ms is not None:
            return Denied(f"run {name} has ended; start another under a new name")
        parent = parent or run.parent
        if parent and name in {parent, *(above.parent for above in self._above(parent))}:
            return Denied(f"run {name} cannot be started by {parent}, which it started itself")
        return self._keep(
            msgspec.structs.replace(
                run,
                parent=parent,
                beat_ms=now_ms,
                beat_every_ms=run.beat_every_ms if beat_every_ms is None else beat_every_ms,
                gone=False,
            )
        )

    def beat(
        self, name: str, *, now_ms: int, by: str = "", admin: bool = False, every_ms: int | None = None
    ) -> Run | Denied:
        """The owner lives; `every_ms` is its promise from now on. It brings back a run that was taken for an orphan."""
        run = self._mine(name, self._at(now_ms), by, admin=admin)
        if isinstance(run, Denied):
            return run
        promised = run.beat_every_ms if every_ms is None else every_ms
        return self._keep(msgspec.structs.replace(run, beat_ms=self._now_ms, beat_every_ms=promised, gone=False))

    def end(self, name: str, *, now_ms: int, by: str = "", admin: bool = False) -> Run | Denied:
        """The run is over, for good, and every run below it has lost its owner. Safe to repeat."""
        run = self._mine(name, self._at(now_ms), by, admin=admin)
        if isinstance(run, Denied) or run.ended_ms is not None:
            return run
        return self._keep(msgspec.structs.replace(run, ended_ms=self._now_ms))

    def reopen(self, name: str, *, now_ms: int) -> Run | None:
        """An administrator lets a run go on: neither ended nor landed, no heartbeat or parent expected."""
        run = self._runs.get(name)
        if run is None:
            return None
        self._at(now_ms)
        free = {"ended_ms": None, "landed": (), "beat_every_ms": None, "parent": "", "gone": False}
        return self._keep(msgspec.structs.replace(run, **free))

    def learn(self, known: KnownRun) -> None:
        """Take over what is stored of a run, which may be newer than what is remembered here."""
        run = self._runs.get(known.name, Run(name=known.name, started_ms=known.started_ms))
        self._keep(
            msgspec.structs.replace(
                run,
                owner=known.owner or run.owner,
                parent=known.parent,
                beat_ms=max(known.beat_ms, run.beat_ms),
                beat_every_ms=known.beat_every_ms,
                landed=known.landed,
                ended_ms=known.ended_ms,
                gone=known.gone,
            )
        )

    def land(self, name: str, *, now_ms: int, agent: str = "") -> bool:
        """Take the one landing of this run and agent. False where it was taken, or the run has had its most."""
        now_ms = self._at(now_ms)
        run = self._runs.get(name, Run(name=name, started_ms=now_ms))
        if agent in run.landed or len(run.landed) >= MOST_LANDINGS:
            return False
        self._keep(msgspec.structs.replace(run, landed=(*run.landed, agent)))
        return True

    def listen(self, *, now_ms: int) -> None:
        """Nobody could be heard before now: whoever takes the heartbeats has just begun, or was asleep. What did not come
        meanwhile was not missed; a run that lives has its whole time again."""
        self._heard_since_ms = self._at(now_ms)

    def begin(self, name: str, *, now_ms: int, by: str = "") -> Goes | Stopped:
        """A call of the run arrives; whether it has landed is not asked here. Where it goes, `finish` must follow.

        `by` is its key, which becomes the owner of a run nobody has announced.
        """
        now_ms = self._at(now_ms)
        run = self._runs.get(name, Run(name=name, owner=by, started_ms=now_ms))
        self._keep(run)
        for above in tuple(self._above(run.parent)):
            self._keep(above)
        verdict = self.verdict(name, now_ms=now_ms, agent=None)
        if isinstance(verdict, Goes):
            self._keep(msgspec.structs.replace(run, called_ms=now_ms, in_flight=run.in_flight + 1))
        return verdict

    def finish(self, name: str, *, now_ms: int) -> None:
        """A call that went is over, however it ended."""
        now_ms = self._at(now_ms)
        run = self._runs.get(name)
        if run is not None:
            self._keep(msgspec.structs.replace(run, called_ms=now_ms, in_flight=max(run.in_flight - 1, 0)))

    def verdict(self, name: str, *, now_ms: int, agent: str | None = "") -> Goes | Stopped:
        """Whether a call of this run may go now. A run nobody has heard of goes."""
        now_ms = self._at(now_ms)
        run = self._runs.get(name)
        if run is None:
            return GOES
        if run.ended_ms is not None:
            return Stopped("run_ended", f"Run {name} has ended. Start a new run.")
        why = self._orphaned(run, now_ms)
        if why:
            return _orphan(name, why)
        if agent in run.landed:
            whose = f"agent {agent} of run {name}" if agent else f"run {name}"
            return Stopped("run_landed", f"The budget is spent, and {whose} has had its last answer.")
        return GOES

    def get(self, name: str) -> Run | None:
        return self._runs.get(name)

    def phase(self, name: str, *, now_ms: int) -> Phase | None:
        run = self._runs.get(name)
        return None if run is None else self._phase(run, self._at(now_ms))

    def turned(self, *, now_ms: int) -> tuple[Turn, ...]:
        """The runs whose phase is another than when this was last asked. Looks at all: meant for every few seconds."""
        now_ms = self._at(now_ms)
        turns = []
        for run in self._runs.values():
            was, phase = self._told.get(run.name), self._phase(run, now_ms)
            if phase is not was:
                self._told[run.name] = phase
                why = self._orphaned(run, now_ms) if phase is Phase.ORPHANED else ""
                turns.append(Turn(run, was, phase, why))
        return tuple(turns)

    def left_behind(self, *, now_ms: int, for_ms: int) -> tuple[Run, ...]:
        """Runs that are over: ended, or orphans of which nothing was heard for so long. Looks at all."""
        since_ms = self._at(now_ms) - for_ms
        return tuple(
            run
            for run in self._runs.values()
            if run.ended_ms is not None or (self._heard_ms(run) <= since_ms and self._orphaned(run, self._now_ms))
        )

    def __iter__(self) -> Iterator[Run]:
        """All that are remembered, the longest untouched first."""
        return iter(tuple(self._runs.values()))

    def __len__(self) -> int:
        return len(self._runs)

    def _at(self, now_ms: int) -> int:
        self._now_ms = max(now_ms, self._now_ms)
        return self._now_ms

    def _keep(self, run: Run) -> Run:
        """Remember it as the latest touched."""
        if self._runs.pop(run.name, None) is None and len(self._runs) >= self._most:
            oldest = next(iter(self._runs))
            del self._runs[oldest]
            self._told.pop(oldest, None)
        self._runs[run.name] = run
        return run

    def _mine(self, name: str, now_ms: int, by: str, *, admin: bool) -> Run | Denied:
        run = self._runs.get(name, Run(name=name, owner=by, started_ms=now_ms))
        return run if admin or run.owner == by else _not_yours(run)

    def _phase(self, run: Run, now_ms: int) -> Phase:
        return run.phase(self.rules, now_ms, orphaned=bool(self._orphaned(run, now_ms)))

    def _above(self, name: str) -> Iterator[Run]:
        """The run of this name and those above it, as far as they are remembered."""
        for _ in range(_DEEPEST):
            run = self._runs.get(name)
            if run is None:
                return
            yield run
            name = run.parent

    def _orphaned(self, run: Run, now_ms: int) -> str:
        """How the owner of this run, or of one above it, is known to have stopped; "" where it is not."""
        why = self._left(run, now_ms)
        if why:
            return why
        for above in self._above(run.parent):
            if above.ended_ms is not None:
                return f"run {above.name}, which it belongs to, has ended"
            why = self._left(above, now_ms)
            if why:
                return f"of run {above.name}, which it belongs to, {why}"
        return ""

    def _left(self, run: Run, now_ms: int) -> str:
        if run.gone:
            return "the program that opened it is gone"
        if run.silent(self.rules, now_ms, self._heard_since_ms):
            return f"the heartbeat that was promised has been missing for {(now_ms - run.beat_ms) // 1_000} s"
        return ""

    def _heard_ms(self, run: Run) -> int:
        """When it last gave a sign of life, or could first have been heard."""
        return max(run.beat_ms, run.called_ms or 0, self._heard_since_ms)


def _orphan(name: str, why: str) -> Stopped:
    return Stopped("run_orphaned", f"Run {name} is still calling, but {why}. Stop it, or start a new run.")


def _not_yours(run: Run) -> Denied:
    return Denied(f"run {run.name} belongs to key {run.owner}; only that key or an administrator may change it")
