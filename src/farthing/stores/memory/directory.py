"""Keys, budgets, grants and closed gates for as long as the process lives."""

import threading
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from farthing.domain.budget import Budget, Grant
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.ports.directory import Gate, Stored


class Audited(NamedTuple):
    """Who changed what."""

    at_ms: int
    by: str
    action: str
    subject: str


class MemoryDirectory:
    """`farthing.ports.directory.Directory` in memory. Any thread may call."""

    def __init__(self, *, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._version = 1
        self._keys: dict[str, Key] = {}
        self._budgets: dict[str, Budget] = {}
        self._grants: list[Grant] = []
        self._gates: dict[str, Gate] = {}
        self._secrets: dict[str, bytes] = {}
        self.audit: list[Audited] = []

    def load(self) -> Stored:
        with self._lock:
            return Stored(
                version=self._version,
                keys=tuple(self._keys[name] for name in sorted(self._keys)),
                budgets=tuple(self._budgets[name] for name in sorted(self._budgets)),
                grants=tuple(self._grants),
                gates=tuple(self._gates[name] for name in sorted(self._gates)),
            )

    def version(self) -> int:
        return self._version

    def secret(self, name: str, fresh: bytes) -> bytes:
        with self._lock:
            return self._secrets.setdefault(name, fresh)

    def add_key(self, key: Key, by: str) -> None:
        with self._lock:
            if key.name in self._keys:
                raise BadRequest(f"there is a key of the name {key.name!r} already; choose another", field="name")
            if any(key.id == other.id for other in self._keys.values()):
                raise BadRequest(f"there is a key of the id {key.id!r} already; choose another", field="id")
            self._keys[key.name] = msgspec.structs.replace(key, source="store")
            self._changed(by, "key.add", key.name)

    def revoke_key(self, name: str, by: str) -> None:
        with self._lock:
            key = self._keys.get(name)
            if key is None:
                raise BadRequest(f"there is no key {name!r} in the store", field="name")
            if not key.revoked_ms:
                self._keys[name] = msgspec.structs.replace(key, revoked_ms=self._now_ms())
                self._changed(by, "key.revoke", name)

    def put_budget(self, budget: Budget, by: str) -> None:
        with self._lock:
            self._budgets[budget.name] = msgspec.structs.replace(budget, source="store")
            self._changed(by, "budget.put", budget.name)

    def remove_budget(self, name: str, by: str) -> None:
        with self._lock:
            if self._budgets.pop(name, None) is None:
                raise BadRequest(f"there is no budget {name!r} in the store", field="name")
            self._changed(by, "budget.remove", name)

    def grant(self, grant: Grant) -> None:
        with self._lock:
            self._grants.append(grant)
            self._changed(grant.by, "grant", grant.account.budget)

    def acknowledge(self, gate: str, by: str) -> None:
        with self._lock:
            if self._gates.pop(gate, None) is None:
                raise BadRequest(f"no gate {gate!r} is closed", field="gate")
            self._changed(by, "gate.acknowledge", gate)

    def close_gate(self, gate: Gate) -> None:
        """What the ledger in memory calls when a provider broke its cap."""
        with self._lock:
            self._gates[gate.name] = gate
            self._version += 1

    def decided(self, by: str, action: str, subject: str) -> None:
        """What the approvals in memory call when somebody decided one."""
        with self._lock:
            self._changed(by, action, subject)

    def _changed(self, by: str, action: str, subject: str) -> None:
        self._version += 1
        self.audit.append(Audited(self._now_ms(), by, action, subject))
