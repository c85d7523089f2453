"""Suspensions and runs in the ledger's own file. Every change is one durable, audited transaction."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from farthing.audit.entry import Kind
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.record import Labels
from farthing.domain.suspension import Subject, Suspension
from farthing.guard.lifecycle import MOST_RUNS
from farthing.ports.guards import Known, KnownRun
from farthing.stores import lives
from farthing.stores.sqlite import homes
from farthing.stores.sqlite.chain import events
from farthing.stores.sqlite.chain.events import Touched
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.statements import sql

_SUSPENSIONS = (
    "SELECT label, value, until_ms, by, why, at_ms FROM suspension WHERE lifted_ms IS NULL ORDER BY label, value"
)
_RESUMED = "SELECT label, value FROM suspension WHERE lifted_ms IS NOT NULL AND changed > ? ORDER BY changed"
_SUSPENDED = "SELECT 1 FROM suspension WHERE label = ? AND value = ? AND lifted_ms IS NULL"
_SUSPEND = (
    "INSERT OR REPLACE INTO suspension (label, value, until_ms, by, why, at_ms, lifted_ms, changed) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_RUN = (
    "SELECT run.name, owner, parent, labels, started_ms, beat_ms, beat_every_ms, landed, ended_ms, home.value "
    "FROM run LEFT JOIN meta AS home ON home.name = 'home of run ' || run.name"
)
_FIND = f"{_RUN} WHERE run.name = ?"
_CHANGED = f"{_RUN} WHERE changed > ? ORDER BY changed DESC LIMIT {MOST_RUNS}"
_PUT = (
    "INSERT OR REPLACE INTO run "
    "(name, owner, parent, labels, started_ms, beat_ms, beat_every_ms, landed, ended_ms, touched_ms, changed) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FORGET = "DELETE FROM run WHERE touched_ms < ?"

_read_labels = msgspec.json.Decoder(Labels).decode
_read_landed = msgspec.json.Decoder(tuple[str, ...]).decode


class SqliteGuards:
    """`farthing.ports.guards.GuardStore` on SQLite. Any thread may call."""

    def __init__(
        self,
        path: Path,
        *,
        now_ms: Callable[[], int],
        slot: Callable[[], int] | None = None,
        connect: Connect = sqlite3.connect,
    ) -> None:
        """`slot` is that of this process's ledger on the file; None where it has none, and then no run lives here."""
        self._handle = Handle(partial(open_database, path, connect=connect))
        self._path = path
        self._now_ms = now_ms
        self._slot = slot
        self._at_home = False
        """Runs were announced that live here."""

    def known(self, since: int = 0) -> Known:
        with self._handle.reading() as connection:
            resumed = connection.execute(_RESUMED, (since,)) if since else ()
            runs = connection.execute(_CHANGED, (since,)).fetchall()
            return Known(
                version=_version(connection),
                suspensions=tuple(map(_suspension, connection.execute(_SUSPENSIONS))),
                resumed=tuple((label, value) for label, value in resumed),
                runs=tuple(_run(row) for row in reversed(runs)),
            )

    def suspend(self, suspension: Suspension) -> None:
        with self._handle.changing() as connection:
            version = _bump(connection)
            it = suspension
            connection.execute(
                _SUSPEND, (it.label, it.value, it.until_ms, it.by, it.why, self._now_ms(), None, version)
            )
            self._audit(
                connection, it.by, "suspend", f"{it.label} {it.value}", it.why, (Kind.SUSPENSION, it.label, it.value)
            )

    def resume(self, subject: Subject, by: str) -> bool:
        now_ms = self._now_ms()
        with self._handle.changing() as connection:
            suspended = connection.execute(_SUSPENDED, subject).fetchone() is not None
            connection.execute(_SUSPEND, (*subject, None, by, "", now_ms, now_ms, _bump(connection)))
            self._audit(connection, by, "resume", " ".join(subject), "", (Kind.SUSPENSION, *subject))
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
        now_ms = self._now_ms()
        with self._handle.changing() as connection:
            run = lives.started(
                partial(_find, connection),
                name,
                now_ms=now_ms,
                by=by,
                parent=parent,
                beat_every_ms=beat_every_ms,
                labels=labels,
            )
            homes.drop_before(connection, now_ms - lives.KEPT_MS)
            connection.execute(_FORGET, (now_ms - lives.KEPT_MS,))
            self._put(connection, run, now_ms)
            if here and self._slot is not None:
                homes.put(connection, name, self._slot())
                self._at_home = True
            self._audit(connection, who, "run.start", name)
        return run

    def bereave(self) -> tuple[str, ...]:
        with self._handle.reading() as connection:
            if not homes.deserted(connection, self._path):
                return ()
        now_ms = self._now_ms()
        with self._handle.changing() as connection:
            deserted = homes.deserted(connection, self._path)
            for name in deserted:
                run = _find(connection, name)
                if run is None or run.ended_ms is not None:
                    homes.drop(connection, name)
                    continue
                self._put(connection, run, now_ms)
                homes.lose(connection, name)
                self._audit(connection, "farthing", "run.bereave", name, "its process died")
        return deserted

    def beat(self, name: str, *, by: str, admin: bool, beat_every_ms: int | None = None) -> KnownRun:
        now_ms = self._now_ms()
        told = {"now_ms": now_ms, "by": by, "admin": admin, "beat_every_ms": beat_every_ms}
        with self._handle.reading() as connection:
            run, keep = lives.beaten(partial(_find, connection), name, **told)  # type: ignore[arg-type]
        if keep:
            with self._handle.changing() as connection:
                run, _ = lives.beaten(partial(_find, connection), name, **told)  # type: ignore[arg-type]
                self._put(connection, run, now_ms)
        return run

    def end(self, name: str, *, by: str, admin: bool, who: str) -> KnownRun:
        now_ms = self._now_ms()
        with self._handle.changing() as connection:
            run = lives.ended(partial(_find, connection), name, now_ms=now_ms, by=by, admin=admin)
            self._put(connection, run, now_ms)
            homes.drop(connection, name)
            self._audit(connection, who, "run.end", name)
        return run

    def reopen(self, name: str, *, who: str) -> KnownRun | None:
        now_ms = self._now_ms()
        with self._handle.changing() as connection:
            run = lives.reopened(partial(_find, connection), name, now_ms=now_ms)
            if run is not None:
                self._put(connection, run, now_ms)
                homes.drop(connection, name)
                self._audit(connection, who, "run.resume", name)
        return run

    def land(self, name: str, *, agent: str, owner: str = "") -> bool:
        now_ms = self._now_ms()
        with self._handle.changing() as connection:
            run = lives.landed(partial(_find, connection), name, now_ms=now_ms, agent=agent, owner=owner)
            if run is None:
                return False
            self._put(connection, run, now_ms)
            self._audit(connection, "a budget", "run.land", name, agent)
        return True

    def unland(self, name: str, *, agent: str) -> bool:
        with self._handle.changing() as connection:
            run = lives.unlanded(partial(_find, connection), name, agent=agent)
            if run is None:
                return False
            self._put(connection, run, self._now_ms())
            self._audit(connection, "a budget", "run.unland", name, agent)
        return True

    def close(self) -> None:
        if self._at_home and self._slot is not None:
            self._at_home = False
            with suppress(LedgerUnavailable), self._handle.changing() as connection:
                homes.leave(connection, self._slot())
        self._handle.close()

    def _put(self, connection: sqlite3.Connection, run: KnownRun, now_ms: int) -> None:
        labels, landed = _json(run.labels), _json(run.landed)
        times = (run.started_ms, run.beat_ms, run.beat_every_ms)
        row = (run.name, run.owner, run.parent, labels, *times, landed, run.ended_ms, now_ms, _bump(connection))
        connection.execute(_PUT, row)
        if not run.gone:
            homes.regain(connection, run.name)

    def _audit(
        self, connection: sqlite3.Connection, by: str, action: str, subject: str, detail: str = "", *touched: Touched
    ) -> None:
        events.record(connection, self._now_ms(), by, action, subject, detail, *touched)


def _bump(connection: sqlite3.Connection) -> int:
    """Tell every process to look again. Returns the version that this change is of."""
    connection.execute(sql("directory_bump"))
    return _version(connection)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute(sql("directory_version")).fetchone()
    return int(version)


def _find(connection: sqlite3.Connection, name: str) -> KnownRun | None:
    row = connection.execute(_FIND, (name,)).fetchone()
    return None if row is None else _run(row)


def _suspension(row: tuple[str, str, int | None, str, str, int]) -> Suspension:
    label, value, until_ms, by, why, at_ms = row
    return Suspension(label=label, value=value, until_ms=until_ms, by=by, why=why, at_ms=at_ms)


def _run(row: tuple[str, str, str, str, int, int, int | None, str, int | None, str | None]) -> KnownRun:
    name, owner, parent, labels, started_ms, beat_ms, beat_every_ms, landed, ended_ms, home = row
    return KnownRun(
        name=name,
        owner=owner,
        parent=parent,
        labels=_read_labels(labels),
        started_ms=started_ms,
        beat_ms=beat_ms,
        beat_every_ms=beat_every_ms,
        landed=_read_landed(landed),
        ended_ms=ended_ms,
        gone=home == homes.GONE,
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
