"""The directory: keys, budgets, grants and closed gates that live in the store beside the configuration file."""

from typing import Protocol

import msgspec

from farthing.domain.budget import Budget, Grant
from farthing.domain.key import Key


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's model that broke the cap we put on the wire; refused under hard budgets until acknowledged."""

    name: str
    """`provider/model`."""
    attempt: int
    at_ms: int
    detail: str
    acknowledged_by: str = ""
    acknowledged_ms: int = 0


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """Everything stored, as of one version. The version rises with every change, whoever makes it."""

    version: int
    keys: tuple[Key, ...] = ()
    budgets: tuple[Budget, ...] = ()
    grants: tuple[Grant, ...] = ()
    gates: tuple[Gate, ...] = ()
    """Only those not yet acknowledged."""


class Directory(Protocol):
    """Changes are durable when the call returns, and audited with who made them. Blocking: call off the event loop."""

    def load(self) -> Stored: ...

    def version(self) -> int:
        """Cheap enough to ask every second."""
        ...

    def add_key(self, key: Key, by: str) -> None:
        """Raises BadRequest when the name or id is taken."""
        ...

    def revoke_key(self, name: str, by: str) -> None:
        """Raises BadRequest when there is no such key. Revoking twice is a no-op."""
        ...

    def put_budget(self, budget: Budget, by: str) -> None:
        """Make or replace a stored budget of this name."""
        ...

    def remove_budget(self, name: str, by: str) -> None:
        """Raises BadRequest when there is no such stored budget."""
        ...

    def grant(self, grant: Grant) -> None: ...

    def acknowledge(self, gate: str, by: str) -> None:
        """Open a gate again. Raises BadRequest when none of that name is closed."""
        ...

    def secret(self, name: str, fresh: bytes) -> bytes:
        """The installation's own secret of this name: `fresh` on first use, and ever after what was given then."""
        ...
