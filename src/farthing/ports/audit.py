"""The audit: who changed what, and a chain over all that was written, by which any later change of it is found."""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from farthing.domain.record import Labels
from farthing.domain.seal import Seal

FIELDS = ("by", "action", "subject")
"""What `where` may name. A `*` at the end of a value fits any ending."""
Progress = Callable[[int, int], None]
"""Told how many links of how many were read."""


_DAY_MS = 86_400_000


class Ages(msgspec.Struct, frozen=True, kw_only=True):
    """For how long each class is kept, in milliseconds; None: for ever."""

    calls: int | None = 400 * _DAY_MS
    """Calls with their attempts and corrections."""
    skeletons: int | None = 90 * _DAY_MS
    audit: int | None = 400 * _DAY_MS
    """Sealed segments of the chain, with the events in them."""


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody changed something."""

    id: int
    at_ms: int
    by: str
    action: str
    """`key.add`, `budget.put`, `grant`, `suspend`, `approval.grant`, `call.adjust`, `audit.erase`, …"""
    subject: str
    detail: str
    """JSON or a few words; "" where the action says all."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was written."""

    table: str
    row: str
    """The row's number or name; "" where the whole table is meant."""
    what: str
    link: int | None = None
    """The link that says otherwise, if one does."""
    at_ms: int | None = None
    """When that link was made."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification came to."""

    at_ms: int
    links: int
    """Read."""
    entries: int
    rows: int
    """Compared with what the chain says of them."""
    head_seq: int
    head: str
    """The hash of the last link, in hexadecimal: keep it, or a seal, where nobody can change it."""
    seals: int
    pruned: tuple[str, ...]
    """What is missing because the retention policy dropped it, in words."""
    findings: tuple[Finding, ...]
    more: int = 0
    """Findings beyond those that are listed."""

    @property
    def whole(self) -> bool:
        """Nothing was changed, deleted, inserted, reordered or cut off."""
        return not self.findings


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """When it was last verified, and with what result."""

    at_ms: int
    head_seq: int
    findings: int


class AuditState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the chain stands."""

    links: int
    """Made since it began; the oldest may have been dropped."""
    first: int
    """The oldest that is kept."""
    first_ms: int
    """When that was made."""
    head: str
    """The hash of the last link, in hexadecimal."""
    last_ms: int
    """When that was made."""
    seals: int
    last_seal: Seal | None
    verified: Verified | None
    """By this store, since it was made; None where nobody ever did."""


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What became of somebody's name."""

    label: str
    pseudonym: str
    """What stands in its place. Nothing leads back from it."""
    rows: Mapping[str, int]
    """How many rows were rewritten, by table; of `content`, how many texts were deleted."""
    left: Mapping[str, int] = {}
    """In how many rows of which table the same word still stands, with another meaning or as part of another name: a team,
    a run, a key. Nothing of it was touched."""


class Pruning(msgspec.Struct, frozen=True, kw_only=True):
    """What the retention policy dropped in one piece of work."""

    rows: Mapping[str, int]
    """By table or class; what is not named was not touched."""
    more: bool
    """There is more to do."""


class Audit(Protocol):
    """Blocking: call off the event loop. Raises LedgerUnavailable."""

    def events(
        self,
        *,
        limit: int,
        before: int | None = None,
        since_ms: int = 0,
        until_ms: int | None = None,
        where: Labels = (),
    ) -> tuple[AuditEvent, ...]:
        """The newest first. `before` is the id of an event: only older ones. `where` pairs names of `FIELDS` with values."""
        ...

    def state(self) -> AuditState: ...

    def verify(self, *, against: Seal | None = None, progress: Progress = lambda _, __: None) -> Verdict:
        """Read the whole chain and everything it speaks of, while others go on writing. `against` is a seal that was kept
        elsewhere: it must still be what the chain says."""
        ...

    def seal(self) -> Seal | None:
        """Seal what was written since the last seal; None where that is nothing but the seal's own link."""
        ...

    def seals(self) -> tuple[Seal, ...]:
        """Every seal that was ever made, the oldest first."""
        ...

    def erase(self, label: str, value: str, *, by: str) -> Erasure:
        """Put a pseudonym in the place of a name wherever the store has it, delete the kept texts of their calls, and forget
        how the chain came to stand for the name. The chain and every sum stay as they are.

        Raises BadRequest for a label that names no person, a name nobody has here, one with calls still open, and one that
        a key or a budget in force has among its labels.
        """
        ...

    def prune(self, ages: Ages) -> Pruning:
        """Drop one bounded piece of what is older than these ages. Call it again while there is `more`."""
        ...

    def close(self) -> None: ...
