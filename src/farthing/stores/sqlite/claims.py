"""Claims in the ledger's own file: decided in the same order as its holds, so that a key never buys two answers."""

import sqlite3
from functools import partial
from pathlib import Path

from farthing.domain.ids import ATTEMPTS
from farthing.ports.claims import Claim, Claimed, Taken
from farthing.stores.sqlite.connect import Connect, open_database
from farthing.stores.sqlite.handle import Handle

PAGE = 1_000
"""Claims forgotten in one transaction, so that a sweep never keeps a reserve waiting for long."""

_FIND = "SELECT fingerprint, call FROM claim WHERE tenant = ? AND key = ?"
_ADD = "INSERT INTO claim (tenant, key, fingerprint, call, at_ms) VALUES (?, ?, ?, ?, ?)"
_TAKE_OVER = "UPDATE claim SET call = ?, at_ms = ? WHERE tenant = ? AND key = ? AND call = ?"
_HOLDS = "SELECT 1 FROM claim WHERE tenant = ? AND key = ? AND call = ?"
# States as in the table of attempts: 0 held, 1 unknown, 2 settled, 3 void. Only the last proves that nothing is billed.
_MAY_BE_SENT = "SELECT min(state) FROM attempt WHERE id > ? AND id <= ? AND state < 3"
_FORGET = f"""
DELETE FROM claim WHERE (tenant, key) IN (
    SELECT tenant, key FROM claim
    WHERE at_ms < ? AND NOT EXISTS (
        SELECT 1 FROM attempt WHERE attempt.id > claim.call AND attempt.id <= claim.call + {ATTEMPTS} AND state < 2
    )
    LIMIT {PAGE}
)
"""  # noqa: S608 - two numbers of our own


class SqliteClaims:
    """`farthing.ports.claims.Claims` on SQLite. Any thread may call."""

    def __init__(self, path: Path, *, connect: Connect = sqlite3.connect) -> None:
        self._handle = Handle(partial(open_database, path, connect=connect))

    def claim(self, claim: Claim) -> Claimed | Taken:
        with self._handle.changing() as connection:
            found = connection.execute(_FIND, (claim.tenant, claim.key)).fetchone()
            if found is None:
                connection.execute(_ADD, (claim.tenant, claim.key, claim.fingerprint, claim.call, claim.at_ms))
                return Claimed()
            fingerprint, earlier = found
            if fingerprint != claim.fingerprint:
                return Taken(call=earlier, same=False)
            if earlier == claim.call:
                return Claimed()
            (state,) = connection.execute(_MAY_BE_SENT, (earlier, earlier + ATTEMPTS)).fetchone()
            if state is not None:
                return Taken(call=earlier, same=True, running=state == 0)
            connection.execute(_TAKE_OVER, (claim.call, claim.at_ms, claim.tenant, claim.key, earlier))
            return Claimed(instead_of=earlier)

    def holds(self, claim: Claim) -> bool:
        with self._handle.reading() as connection:
            return connection.execute(_HOLDS, (claim.tenant, claim.key, claim.call)).fetchone() is not None

    def forget(self, before_ms: int) -> int:
        forgotten = 0
        while True:
            with self._handle.changing() as connection:
                page = connection.execute(_FORGET, (before_ms,)).rowcount
            forgotten += page
            if page < PAGE:
                return forgotten

    def close(self) -> None:
        self._handle.close()
