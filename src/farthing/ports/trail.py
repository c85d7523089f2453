"""The trail: what was recorded, in the order of its ids, for those who pass it on; and how far each of them has come."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from farthing.ports.records import Adjustment, CallRecord


class Correction(msgspec.Struct, frozen=True):
    """An operator's word on an attempt, and its place among all such words."""

    number: int
    """Rises with every correction."""
    made: Adjustment


class Trail(Protocol):
    """Blocking: call off the event loop. No read holds a transaction for a second. Raises LedgerUnavailable.

    The records given here lack what nobody passes on: a call's skeleton is empty, and an attempt has no shares.
    """

    def after(self, id: int, limit: int) -> tuple[CallRecord, ...]:
        """The next calls with a greater id, in the order of their ids."""
        ...

    def ids(self, after: int, until: int) -> tuple[int, ...]:
        """The ids of all calls in `after < id <= until`, rising."""
        ...

    def of(self, ids: Sequence[int]) -> tuple[CallRecord, ...]:
        """These calls, without those that are not there any more."""
        ...

    def corrections(self, after: int) -> tuple[Correction, ...]:
        """All with a greater number, rising."""
        ...

    def open(self) -> tuple[int, int]:
        """How many attempts are held, and how many are unknown, now."""
        ...

    def take(self, name: str, holder: str, now_ms: int, until_ms: int) -> bytes | None:
        """What the follower of this name kept last (b"" at first), for this holder alone until `until_ms`.

        None where another holder has it until a later moment than `now_ms`. Taking it again prolongs it.
        """
        ...

    def keep(self, name: str, holder: str, progress: bytes) -> bool:
        """Replace what is kept. False, and nothing changed, where somebody else has taken it meanwhile."""
        ...

    def let_go(self, name: str, holder: str) -> None:
        """Whoever asks next may take it at once."""
        ...

    def close(self) -> None: ...
