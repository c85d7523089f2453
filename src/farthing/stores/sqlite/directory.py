"""Keys, budgets, grants and closed gates in the ledger's own file. Every change is one durable, audited transaction."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from farthing.audit.entry import Kind
from farthing.domain.budget import Budget, Grant
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.ports.directory import Gate, Stored
from farthing.stores.sqlite import stored
from farthing.stores.sqlite.chain import events
from farthing.stores.sqlite.chain.events import Touched
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle

_read_key = msgspec.json.Decoder(Key).decode

_OF_NAME = "SELECT 1 FROM stored_key WHERE name = ?"
_OF_ID = "SELECT 1 FROM stored_key WHERE id = ?"


class SqliteDirectory:
    """`farthing.ports.directory.Directory` on SQLite. Any thread may call; LedgerUnavailable when the file cannot be used."""

    def __init__(self, path: Path, *, now_ms: Callable[[], int], connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(open_database, path, connect=connect))
        self._now_ms = now_ms

    def load(self) -> Stored:
        with self._handle.reading() as connection:
            return Stored(
                version=_version(connection),
                keys=tuple(map(_key, connection.execute("SELECT document, revoked_ms FROM stored_key ORDER BY name"))),
                budgets=tuple(stored.budgets(connection)),
                grants=tuple(stored.grants(connection)),
                gates=tuple(
                    Gate(name=name, attempt=attempt, at_ms=at_ms, detail=detail)
                    for name, attempt, at_ms, detail in connection.execute(
                        "SELECT name, attempt, at_ms, detail FROM gate WHERE acknowledged_ms = 0 ORDER BY name"
                    )
                ),
            )

    def version(self) -> int:
        with self._handle.reading() as connection:
            return _version(connection)

    def add_key(self, key: Key, by: str) -> None:
        key = msgspec.structs.replace(key, source="store")
        with self._handle.changing() as connection:
            for field, (query, value) in {"name": (_OF_NAME, key.name), "id": (_OF_ID, key.id)}.items():
                if connection.execute(query, (value,)).fetchone():
                    raise BadRequest(f"there is a key of the {field} {value!r} already; choose another", field=field)
            document = _json(key)
            connection.execute(
                "INSERT INTO stored_key (name, id, document) VALUES (?, ?, ?)", (key.name, key.id, document)
            )
            self._changed(connection, by, "key.add", key.name, document, (Kind.KEY, key.name))

    def revoke_key(self, name: str, by: str) -> None:
        with self._handle.changing() as connection:
            found = connection.execute("SELECT revoked_ms FROM stored_key WHERE name = ?", (name,)).fetchone()
            if found is None:
                raise BadRequest(f"there is no key {name!r} in the store; `farthing keys ls` shows all", field="name")
            if found == (0,):
                connection.execute("UPDATE stored_key SET revoked_ms = ? WHERE name = ?", (self._now_ms(), name))
                self._changed(connection, by, "key.revoke", name, "", (Kind.KEY, name))

    def put_budget(self, budget: Budget, by: str) -> None:
        document = _json(msgspec.structs.replace(budget, source="store"))
        with self._handle.changing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO stored_budget (name, document) VALUES (?, ?)", (budget.name, document)
            )
            self._changed(connection, by, "budget.put", budget.name, document, (Kind.BUDGET, budget.name))

    def remove_budget(self, name: str, by: str) -> None:
        with self._handle.changing() as connection:
            if not connection.execute("DELETE FROM stored_budget WHERE name = ?", (name,)).rowcount:
                raise BadRequest(
                    f"there is no budget {name!r} in the store; `farthing budgets ls` shows all", field="name"
                )
            self._changed(connection, by, "budget.remove", name, "", (Kind.BUDGET, name))

    def grant(self, grant: Grant) -> None:
        with self._handle.changing() as connection:
            touched = (Kind.GRANT, stored.add_grant(connection, grant))
            self._changed(connection, grant.by, "grant", grant.account.budget, _json(grant), touched)

    def acknowledge(self, gate: str, by: str) -> None:
        with self._handle.changing() as connection:
            changed = connection.execute(
                "UPDATE gate SET acknowledged_by = ?, acknowledged_ms = ? WHERE name = ? AND acknowledged_ms = 0",
                (by, self._now_ms(), gate),
            ).rowcount
            if not changed:
                raise BadRequest(f"no gate {gate!r} is closed; `farthing doctor` shows those that are", field="gate")
            self._changed(connection, by, "gate.acknowledge", gate, "", (Kind.GATE, gate))

    def secret(self, name: str, fresh: bytes) -> bytes:
        with self._handle.changing() as connection:
            connection.execute("INSERT OR IGNORE INTO meta (name, value) VALUES (?, ?)", (name, fresh.hex()))
            (value,) = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return bytes.fromhex(value)

    def close(self) -> None:
        self._handle.close()

    def _changed(
        self, connection: sqlite3.Connection, by: str, action: str, subject: str, detail: str = "", *touched: Touched
    ) -> None:
        """What every change ends with, in its own transaction: the version that others watch, and who did it."""
        connection.execute(
            "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'directory_version'"
        )
        events.record(connection, self._now_ms(), by, action, subject, detail, *touched)


def _version(connection: sqlite3.Connection) -> int:
    (value,) = connection.execute("SELECT value FROM meta WHERE name = 'directory_version'").fetchone()
    return int(value)


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()


def _key(row: tuple[str, int]) -> Key:
    document, revoked_ms = row
    return msgspec.structs.replace(_read_key(document), revoked_ms=revoked_ms)
