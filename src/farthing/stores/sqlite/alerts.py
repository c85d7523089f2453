"""Alerts in the ledger's own file: told once among all processes, and delivered by one worker at a time."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from farthing.alerts.delivery import key_of
from farthing.domain.errors import BadRequest
from farthing.ports.alerts import Address, Alert, Delivery, Event, Fired, NewAlert, Parcel
from farthing.stores.sqlite.chain import events
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle

NO_ID = 2**63 - 1
GONE = "nobody could deliver it in time; its address may no longer be configured"

_ALERT = "SELECT id, at_ms, rule, subject, value, threshold, title, text, ended_ms, acknowledged_by, acknowledged_ms FROM alert"
_FIND = f"{_ALERT} WHERE id = ?"
_RECENT = f"{_ALERT} WHERE id < ? AND (NOT ? OR ended_ms IS NULL) ORDER BY id DESC LIMIT ?"
_DELIVERIES = (
    "SELECT id, alert, address, label, state, attempts, next_ms, last_error, ended_ms FROM delivery "
    "WHERE alert = ? ORDER BY id"
)
_FIRED = "SELECT subject, window, alert FROM alert_fired WHERE rule = ? ORDER BY subject"
_TOLD = "SELECT 1 FROM alert_fired WHERE rule = ? AND subject = ? AND window = ?"
_TELL = "INSERT INTO alert (at_ms, rule, subject, value, threshold, title, text) VALUES (?, ?, ?, ?, ?, ?, ?)"
_FIRE = "INSERT OR REPLACE INTO alert_fired (rule, subject, window, alert) VALUES (?, ?, ?, ?)"
_SEND = "INSERT INTO delivery (alert, address, label, key, state, next_ms) VALUES (?, ?, ?, ?, 'waiting', ?)"
_REARM = "DELETE FROM alert_fired WHERE rule = ? AND subject = ? AND alert = ?"
_END = (
    "UPDATE alert SET ended_ms = ? WHERE id = ? AND ended_ms IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM alert_fired WHERE alert_fired.alert = alert.id)"
)
_ACKNOWLEDGE = "UPDATE alert SET acknowledged_by = ?, acknowledged_ms = ? WHERE id = ? AND acknowledged_ms IS NULL"
_DROP = "UPDATE delivery SET state = 'dropped', ended_ms = ? WHERE alert = ? AND state = 'waiting'"
_NOTE = "INSERT INTO alert_event (at_ms, kind, subject, detail) VALUES (?, ?, ?, ?)"
_CLAIM = """
UPDATE delivery SET attempts = attempts + 1, next_ms = ?
WHERE id = (
    SELECT id FROM delivery
    WHERE state = 'waiting' AND next_ms <= ? AND address IN (SELECT value FROM json_each(?))
    ORDER BY next_ms, id LIMIT 1
)
RETURNING id, alert, address, label, key, attempts
"""
_DUE = """
SELECT 1 FROM delivery WHERE state = 'waiting' AND next_ms <= ? AND address IN (SELECT value FROM json_each(?)) LIMIT 1
"""
_SENT = "UPDATE delivery SET state = 'sent', ended_ms = ?, last_error = '' WHERE id = ? AND state <> 'sent'"
_AGAIN = "UPDATE delivery SET next_ms = ?, last_error = ? WHERE id = ? AND attempts = ? AND state = 'waiting'"
_DEAD = "UPDATE delivery SET state = 'dead', ended_ms = ?, last_error = ? WHERE id = ? AND attempts = ? AND state = 'waiting'"
_LATE = "state = 'waiting' AND next_ms <= ? AND alert IN (SELECT id FROM alert WHERE at_ms < ?)"
_ANY_LATE = f"SELECT 1 FROM delivery WHERE {_LATE} LIMIT 1"  # noqa: S608 - a condition of our own
_BURY = (
    "UPDATE delivery SET state = 'dead', ended_ms = ?, last_error = iif(last_error = '', ?, last_error) "  # noqa: S608
    f"WHERE {_LATE}"
)
_OLD = "SELECT id FROM alert WHERE ended_ms < ?"
_FORGET = (
    f"DELETE FROM delivery WHERE alert IN ({_OLD})",  # noqa: S608 - a query of our own
    "DELETE FROM alert_event WHERE at_ms < ?",
    "DELETE FROM alert WHERE ended_ms < ?",
)


class SqliteOutbox:
    """`farthing.ports.alerts.Outbox` on SQLite. Any thread may call."""

    def __init__(self, path: Path, *, connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(open_database, path, connect=connect))

    def fired(self, rule: str) -> tuple[Fired, ...]:
        with self._handle.reading() as connection:
            rows = connection.execute(_FIRED, (rule,)).fetchall()
        return tuple(Fired(subject=subject, window=window, alert=alert) for subject, window, alert in rows)

    def tell(self, alert: NewAlert, to: Sequence[Address]) -> Alert | None:
        first, rule = alert.readings[0], alert.rule
        with self._handle.changing() as connection:
            fresh = [
                reading
                for reading in alert.readings
                if connection.execute(_TOLD, (rule, reading.subject, reading.window)).fetchone() is None
            ]
            if not fresh:
                return None
            row = (alert.at_ms, rule, first.subject, first.value, alert.threshold, alert.title, alert.text)
            number = connection.execute(_TELL, row).lastrowid
            assert number is not None
            connection.executemany(_FIRE, [(rule, one.subject, one.window, number) for one in fresh])
            connection.executemany(_SEND, [_delivery_row(number, alert, address) for address in to])
            return _alert(connection, number)

    def rearm(self, rule: str, fired: Sequence[Fired], now_ms: int) -> None:
        with self._handle.changing() as connection:
            connection.executemany(_REARM, [(rule, one.subject, one.alert) for one in fired])
            connection.executemany(_END, [(now_ms, alert) for alert in {one.alert for one in fired}])

    def acknowledge(self, alert: int, by: str, now_ms: int) -> None:
        with self._handle.changing() as connection:
            found = _alert(connection, alert)
            if found is None:
                raise BadRequest(f"there is no alert {alert}; `farthing alerts ls` shows all", field="alert")
            if connection.execute(_ACKNOWLEDGE, (by, now_ms, alert)).rowcount:
                connection.execute(_DROP, (now_ms, alert))
                events.record(connection, now_ms, by, "alert.acknowledge", str(alert), found.title)

    def note(self, *events: Event) -> None:
        with self._handle.changing() as connection:
            rows = [(event.at_ms, event.kind, event.subject, event.detail) for event in events]
            connection.executemany(_NOTE, rows)

    def claim(self, addresses: Collection[str], now_ms: int, lease_ms: int) -> Parcel | None:
        wanted = json.dumps(sorted(addresses))
        with self._handle.reading() as connection:  # most of the time nothing is due, and nobody is kept from writing
            if connection.execute(_DUE, (now_ms, wanted)).fetchone() is None:
                return None
        with self._handle.changing() as connection:
            rows = connection.execute(_CLAIM, (now_ms + lease_ms, now_ms, wanted)).fetchall()
            if not rows:
                return None
            number, about, address, label, key, attempts = rows[0]
            alert = _alert(connection, about)
            assert alert is not None, "an alert is kept as long as it has deliveries"
        return Parcel(delivery=number, attempt=attempts, address=Address(address, label), alert=alert, key=key)

    def sent(self, parcel: Parcel, now_ms: int) -> None:
        with self._handle.changing() as connection:
            connection.execute(_SENT, (now_ms, parcel.delivery))

    def failed(self, parcel: Parcel, error: str, next_ms: int | None, now_ms: int) -> None:
        which = (error, parcel.delivery, parcel.attempt)
        with self._handle.changing() as connection:
            if next_ms is None:
                connection.execute(_DEAD, (now_ms, *which))
            else:
                connection.execute(_AGAIN, (next_ms, *which))

    def bury(self, before_ms: int, now_ms: int) -> int:
        with self._handle.reading() as connection:
            if connection.execute(_ANY_LATE, (now_ms, before_ms)).fetchone() is None:
                return 0
        with self._handle.changing() as connection:
            return connection.execute(_BURY, (now_ms, GONE, now_ms, before_ms)).rowcount

    def recent(self, *, limit: int, before_id: int | None = None, firing: bool = False) -> tuple[Alert, ...]:
        with self._handle.reading() as connection:
            rows = connection.execute(_RECENT, (NO_ID if before_id is None else before_id, firing, limit)).fetchall()
            return tuple(_from_row(connection, row) for row in rows)

    def find(self, alert: int) -> Alert | None:
        with self._handle.reading() as connection:
            return _alert(connection, alert)

    def forget(self, before_ms: int) -> int:
        with self._handle.changing() as connection:
            return [connection.execute(query, (before_ms,)).rowcount for query in _FORGET][-1]

    def close(self) -> None:
        self._handle.close()


def _delivery_row(number: int, alert: NewAlert, address: Address) -> tuple[object, ...]:
    key = key_of(number, alert.at_ms, alert.rule, address.digest)
    return (number, address.digest, address.label, key, alert.at_ms)


def _alert(connection: sqlite3.Connection, number: int) -> Alert | None:
    row = connection.execute(_FIND, (number,)).fetchone()
    return None if row is None else _from_row(connection, row)


def _from_row(connection: sqlite3.Connection, row: tuple[Any, ...]) -> Alert:
    number, at_ms, rule, subject, value, threshold, title, text, ended_ms, by, acknowledged_ms = row
    return Alert(
        id=number,
        at_ms=at_ms,
        rule=rule,
        subject=subject,
        value=value,
        threshold=threshold,
        title=title,
        text=text,
        state="firing" if ended_ms is None else "over",
        ended_ms=ended_ms,
        acknowledged_by=by,
        acknowledged_ms=acknowledged_ms,
        deliveries=tuple(map(_delivery, connection.execute(_DELIVERIES, (number,)))),
    )


def _delivery(row: tuple[int, int, str, str, str, int, int, str, int | None]) -> Delivery:
    number, alert, address, label, state, attempts, next_ms, last_error, ended_ms = row
    return Delivery(
        id=number,
        alert=alert,
        address=Address(address, label),
        state=state,
        attempts=attempts,
        next_ms=next_ms,
        last_error=last_error,
        ended_ms=ended_ms,
    )
