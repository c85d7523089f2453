"""Approvals in the ledger's own file: each question and each decision is one durable transaction."""

import sqlite3
from functools import partial
from pathlib import Path

import msgspec

from farthing.audit.entry import Kind
from farthing.domain.ids import show
from farthing.ports.approvals import EXPIRED, KEPT_MS, MOST_OPEN, PENDING, PREFIX, Approval, Petition, opened
from farthing.stores import verdicts
from farthing.stores.sqlite import stored
from farthing.stores.sqlite.chain import events
from farthing.stores.sqlite.chain.events import Touched
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.statements import sql

MOST_TOLD = 10_000
"""Decisions that a process takes up at once."""

_ROW = "SELECT id, petition, asked_ms, expires_ms, state, by, decided_ms, amount, reason FROM approval"
_FIND = f"{_ROW} WHERE id = ?"
_LATEST = f"{_ROW} WHERE topic = ? ORDER BY id DESC LIMIT 1"
_RECENT = f"{_ROW} WHERE id < ? ORDER BY id DESC LIMIT ?"
_OF_STATE = f"{_ROW} WHERE id < ? AND state = ? AND expires_ms > ? ORDER BY id DESC LIMIT ?"
_EXPIRED = (
    f"{_ROW} WHERE id < ? AND (state = 'expired' OR (state = 'pending' AND expires_ms <= ?)) ORDER BY id DESC LIMIT ?"
)
_DECIDED = f"{_ROW} WHERE changed > ? ORDER BY changed DESC LIMIT ?"
_OPEN = "INSERT INTO approval (id, account, topic, petition, asked_ms, expires_ms, state) VALUES (?, ?, ?, ?, ?, ?, 'pending')"
_JOIN = "UPDATE approval SET petition = ? WHERE id = ?"
_DECIDE = "UPDATE approval SET state = ?, by = ?, decided_ms = ?, amount = ?, reason = ?, changed = ? WHERE id = ?"
_EXPIRE = (
    "UPDATE approval SET state = 'expired' WHERE state = 'pending' AND expires_ms <= ? AND (account = ? OR topic = ?)"
)
_CROWD_OUT = (
    "UPDATE approval SET state = 'expired', expires_ms = ? WHERE id IN "
    "(SELECT id FROM approval WHERE account = ? AND state = 'pending' ORDER BY id DESC LIMIT -1 OFFSET ?)"
)
_FORGET = "DELETE FROM approval WHERE state <> 'granted' AND expires_ms < ?"
_DECLINED = "SELECT id FROM approval WHERE state = 'declined' AND expires_ms < ?"
_EVER = 2**63 - 1

_read = msgspec.json.Decoder(Petition).decode


class SqliteApprovals:
    """`farthing.ports.approvals.Approvals` on SQLite. Any thread may call."""

    def __init__(self, path: Path, *, connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(open_database, path, connect=connect))

    def ask(self, id: int, petition: Petition, now_ms: int) -> Approval:
        topic = _json(petition.topic)
        with self._handle.reading() as connection:
            found = _one(connection, _LATEST, topic)
        if found is not None and found.answers(now_ms) and _needs_no_more(found, petition):
            return found
        with self._handle.changing() as connection:
            return _ask(connection, id, petition, topic, now_ms)

    def grant(self, id: int, *, by: str, reason: str = "", amount: int | None = None, now_ms: int) -> Approval:
        with self._handle.changing() as connection:
            before = _one(connection, _FIND, id)
            made, grants = verdicts.granted(before, id, by=by, reason=reason, amount=amount, now_ms=now_ms)
            added = [(Kind.GRANT, stored.add_grant(connection, each)) for each in grants]
            return _decide(connection, before, made, "approval.grant", *added)

    def decline(self, id: int, *, by: str, reason: str = "", now_ms: int) -> Approval:
        with self._handle.changing() as connection:
            before = _one(connection, _FIND, id)
            made = verdicts.declined(before, id, by=by, reason=reason, now_ms=now_ms)
            return _decide(connection, before, made, "approval.decline")

    def find(self, id: int, now_ms: int) -> Approval | None:
        with self._handle.reading() as connection:
            found = _one(connection, _FIND, id)
        return None if found is None else found.at(now_ms)

    def recent(self, *, limit: int, now_ms: int, before_id: int | None = None, state: str = "") -> tuple[Approval, ...]:
        before = _EVER if before_id is None else before_id
        with self._handle.reading() as connection:
            if not state:
                rows = connection.execute(_RECENT, (before, limit))
            elif state == EXPIRED:
                rows = connection.execute(_EXPIRED, (before, now_ms, limit))
            else:
                still = now_ms if state == PENDING else 0
                rows = connection.execute(_OF_STATE, (before, state, still, limit))
            return tuple(_approval(row).at(now_ms) for row in rows)

    def decided(self, since: int) -> tuple[int, tuple[Approval, ...]]:
        with self._handle.reading() as connection:
            rows = connection.execute(_DECIDED, (since, MOST_TOLD)).fetchall()
            return _version(connection), tuple(_approval(row) for row in reversed(rows))

    def close(self) -> None:
        self._handle.close()


def _needs_no_more(found: Approval, petition: Petition) -> bool:
    return found.state != PENDING or verdicts.joined(found, petition) is found


def _ask(connection: sqlite3.Connection, id: int, petition: Petition, topic: str, now_ms: int) -> Approval:
    found = _one(connection, _LATEST, topic)
    if found is not None and found.answers(now_ms):
        if found.state == PENDING:
            found = verdicts.joined(found, petition)
            connection.execute(_JOIN, (_json(found.petition), found.id))
        return found
    account = petition.account.budget
    connection.execute(_EXPIRE, (now_ms, account, topic))
    connection.execute(_CROWD_OUT, (now_ms, account, MOST_OPEN - 1))
    _forget(connection, now_ms - KEPT_MS, now_ms)
    made = opened(id, petition, now_ms)
    connection.execute(_OPEN, (id, account, topic, _json(petition), made.asked_ms, made.expires_ms))
    return made


def _forget(connection: sqlite3.Connection, before_ms: int, now_ms: int) -> None:
    declined = [(Kind.APPROVAL, number) for (number,) in connection.execute(_DECLINED, (before_ms,))]
    connection.execute(_FORGET, (before_ms,))
    events.chain(connection, now_ms, *declined)


def _decide(
    connection: sqlite3.Connection, before: Approval | None, made: Approval, action: str, *touched: Touched
) -> Approval:
    """What every decision ends with, in its own transaction: the version that others watch, and who decided."""
    if made is before:
        return made
    connection.execute(sql("directory_bump"))
    verdict = (made.state, made.by, made.decided_ms, made.amount, made.reason, _version(connection))
    connection.execute(_DECIDE, (*verdict, made.id))
    subject = f"{show(PREFIX, made.id)} {made.petition.budget}"
    decided = (Kind.APPROVAL, made.id)
    events.record(connection, made.decided_ms, made.by, action, subject, _json(made), decided, *touched)
    return made


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute(sql("directory_version")).fetchone()
    return int(version)


def _one(connection: sqlite3.Connection, query: str, value: object) -> Approval | None:
    row = connection.execute(query, (value,)).fetchone()
    return None if row is None else _approval(row)


def _approval(row: tuple[int, str, int, int, str, str, int, int, str]) -> Approval:
    number, petition, asked_ms, expires_ms, state, by, decided_ms, amount, reason = row
    return Approval(
        id=number,
        petition=_read(petition),
        asked_ms=asked_ms,
        expires_ms=expires_ms,
        state=state,
        by=by,
        decided_ms=decided_ms,
        amount=amount,
        reason=reason,
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
