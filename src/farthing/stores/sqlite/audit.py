"""The audit in the ledger's own file: events, the state of the chain, verification, seals and erasure."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec

from farthing.domain.record import Labels
from farthing.domain.seal import Seal
from farthing.ports.audit import FIELDS, Ages, AuditEvent, AuditState, Erasure, Progress, Pruning, Verdict, Verified
from farthing.stores.sqlite.chain.floors import Floors
from farthing.stores.sqlite.chain.links import head_of
from farthing.stores.sqlite.chain.seals import LEDGER, SECRET, Sealing, kept, last_seal, make_seal, seals_of
from farthing.stores.sqlite.chain.verify import verify
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.content import SqliteContents, place_of
from farthing.stores.sqlite.forgetting import erasure
from farthing.stores.sqlite.forgetting.retention import prune
from farthing.stores.sqlite.handle import Handle

VERIFIED = "audit_verified"
_HURRY = "PRAGMA busy_timeout = 250"
"""So many milliseconds writers may wait until the log is emptied."""
_EVENTS = "SELECT id, at_ms, by, action, subject, detail FROM audit WHERE id < ? AND at_ms >= ? AND at_ms < ?"
_LIKE = " AND {} GLOB ?"
_FIRST = "SELECT seq, at_ms FROM audit_link ORDER BY seq LIMIT 1"
_LAST = "SELECT seq, at_ms FROM audit_link ORDER BY seq DESC LIMIT 1"
_EVER = 2**63 - 1
_META = "SELECT value FROM meta WHERE name = ?"
_PUT_META = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"

_read_verified = msgspec.json.Decoder(Verified).decode


class SqliteAudit:
    """`farthing.ports.audit.Audit` on SQLite. Any thread may call."""

    def __init__(
        self,
        path: Path,
        *,
        now_ms: Callable[[], int],
        sealing: Sealing | None = None,
        connect: Connect = sqlite3.connect,
    ) -> None:
        self._path = path
        self._connect = connect
        self._now_ms = now_ms
        self.sealing = sealing or Sealing()
        self._pruning = threading.Lock()
        self._floors = Floors()
        self._handle = Handle(partial(_opened, path, connect))

    def events(
        self,
        *,
        limit: int,
        before: int | None = None,
        since_ms: int = 0,
        until_ms: int | None = None,
        where: Labels = (),
    ) -> tuple[AuditEvent, ...]:
        query = (
            _EVENTS + "".join(_LIKE.format(name) for name, _ in where if name in FIELDS) + " ORDER BY id DESC LIMIT ?"
        )
        values = [_glob(value) for name, value in where if name in FIELDS]
        ends = (_EVER if before is None else before, since_ms, _EVER if until_ms is None else until_ms)
        with self._handle.reading() as connection:
            rows = connection.execute(query, (*ends, *values, limit)).fetchall()
        return tuple(
            AuditEvent(id=id, at_ms=at_ms, by=by, action=action, subject=subject, detail=detail)
            for id, at_ms, by, action, subject, detail in rows  # noqa: A001 - the field's own word
        )

    def state(self) -> AuditState:
        with self._handle.reading() as connection:
            first, first_ms = connection.execute(_FIRST).fetchone()
            links, last_ms = connection.execute(_LAST).fetchone()
            seal = last_seal(connection)
            verified = connection.execute(_META, (VERIFIED,)).fetchone()
            return AuditState(
                links=links,
                first=first,
                first_ms=first_ms,
                head=head_of(connection).hash.hex(),
                last_ms=last_ms,
                seals=0 if seal is None else seal.body.number,
                last_seal=seal,
                verified=None if verified is None else _read_verified(verified[0]),
            )

    def verify(self, *, against: Seal | None = None, progress: Progress = lambda _, __: None) -> Verdict:
        with self._handle.changing() as connection:  # the secret that signatures are checked with is made once
            kept(connection, SECRET)
            kept(connection, LEDGER, 8)
        verdict = verify(self._path, now_ms=self._now_ms, against=against, progress=progress, connect=self._connect)
        said = Verified(at_ms=verdict.at_ms, head_seq=verdict.head_seq, findings=len(verdict.findings) + verdict.more)
        with self._handle.changing() as connection:
            connection.execute(_PUT_META, (VERIFIED, msgspec.json.encode(said).decode()))
        return verdict

    def seal(self) -> Seal | None:
        return make_seal(self._handle, self.sealing, self._now_ms)

    def seals(self) -> tuple[Seal, ...]:
        with self._handle.reading() as connection:
            return seals_of(connection)

    def erase(self, label: str, value: str, *, by: str) -> Erasure:
        contents = SqliteContents(place_of(self._path))
        try:
            done = erasure.erase(self._handle, label, value, by=by, now_ms=self._now_ms(), drop_contents=contents.drop)
        finally:
            contents.close()
        self._empty_log()
        return done

    def _empty_log(self) -> None:
        """What was overwritten in the file stands in the log until that begins anew. Whoever reads just now keeps it."""
        with closing(open_database(self._path, connect=self._connect)) as connection:
            connection.execute(_HURRY)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def prune(self, ages: Ages) -> Pruning:
        """Drop one piece of what is too old. Call it again while there is `more`."""
        with self._pruning:
            return prune(self._handle, ages, self._now_ms, self._floors)

    def close(self) -> None:
        self._handle.close()


def _opened(path: Path, connect: Connect) -> sqlite3.Connection:
    """What is erased or dropped through it is overwritten in the file, not only let go."""
    connection = open_database(path, connect=connect)
    connection.execute("PRAGMA secure_delete = ON").fetchone()
    return connection


def _glob(value: str) -> str:
    """Literal, but for a `*` at its end."""
    literal = "".join(f"[{mark}]" if mark in "*?[" else mark for mark in value.removesuffix("*"))
    return literal + ("*" if value.endswith("*") else "")
