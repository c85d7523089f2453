"""What of the guards outlives a process: suspensions, and the runs whose lives somebody spoke for."""

from typing import Protocol

import msgspec

from farthing.domain.record import Labels
from farthing.domain.suspension import Subject, Suspension


class KnownRun(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a run that was announced, ended, or had its landing. Runs that only call are not here."""

    name: str
    owner: str = ""
    """The key whose calls it stops; "" for everybody's: without keys, and where an administrator spoke for it."""
    parent: str = ""
    labels: Labels = ()
    """As they were announced; for people."""
    started_ms: int
    beat_ms: int = 0
    beat_every_ms: int | None = None
    """What its owner promised; None: no heartbeat was promised."""
    landed: tuple[str, ...] = ()
    """Agents that have had their last answer; "" is the run without an agent."""
    ended_ms: int | None = None
    gone: bool = False
    """It was announced by a process on this store, and that process is no more."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored, as of one version."""

    version: int
    suspensions: tuple[Suspension, ...] = ()
    """All that are not lifted."""
    resumed: tuple[Subject, ...] = ()
    """Subjects that somebody resumed since the version that was asked for: what tripped for them begins anew."""
    runs: tuple[KnownRun, ...] = ()
    """Those that changed since the version that was asked for, the longest unchanged first."""


class GuardStore(Protocol):
    """Changes are durable when the call returns, audited with who made them, and make other processes look within half a
    second. Blocking: call off the event loop. Raises LedgerUnavailable, and then nothing changed."""

    def known(self, since: int = 0) -> Known:
        """Cheap where nothing changed since that version; 0 asks for everything that may still matter."""
        ...

    def suspend(self, suspension: Suspension) -> None:
        """A later suspension of the same subject takes the place of an earlier one."""
        ...

    def resume(self, subject: Subject, by: str) -> bool:
        """Lift the suspension of this subject and let everything that tripped for it begin anew. False where it was not
        suspended; the rest is told all the same."""
        ...

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
        """Announce a run of the key `by`. Safe to repeat. Raises BadRequest 403 where it belongs to another key, 409
        where it has ended or would be above itself. `who` is for the audit. `here`: its owner is this very process, not
        somebody who beats from elsewhere; where the process dies, `bereave` says so."""
        ...

    def bereave(self) -> tuple[str, ...]:
        """Look for processes that died with runs of theirs open, and keep of these runs that they are `gone`. Their names;
        each is told once, to one process. Cheap where all of them live. A beat brings a run back."""
        ...

    def beat(self, name: str, *, by: str, admin: bool, beat_every_ms: int | None = None) -> KnownRun:
        """Its owner lives. Not audited. Raises BadRequest 404 where nobody announced it, 403 where it is another's."""
        ...

    def end(self, name: str, *, by: str, admin: bool, who: str) -> KnownRun:
        """The run is over. Raises BadRequest 403 where it belongs to another key. A run nobody announced can be ended."""
        ...

    def reopen(self, name: str, *, who: str) -> KnownRun | None:
        """An administrator lets a run go on, whatever stopped it. None where nothing is kept of it."""
        ...

    def land(self, name: str, *, agent: str, owner: str = "") -> bool:
        """Take the one landing of this run and agent. False where it was taken."""
        ...

    def unland(self, name: str, *, agent: str) -> bool:
        """Give it back: nothing was sent, or nothing billed. False where it was not taken."""
        ...

    def close(self) -> None: ...
