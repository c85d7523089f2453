"""The ledger: reserve before send, settle exactly, void only with proof, and never forget what was sent."""

from collections.abc import Sequence
from typing import Protocol

from farthing.domain.budget import AccountKey, Budget, Grant, Standing
from farthing.domain.hold import Declined, Loss, Reserve, Reserved, Settlement, Short, Void
from farthing.domain.record import CallClosing, CallOpening


class Ledger(Protocol):
    """Every backend keeps these promises; one contract suite holds them to it.

    * `reserve` touches all accounts or none. Its `Reserved` means durable: the hold survives a crash and a power cut.
    * Each hold reaches exactly one end: settled, voided, or unknown and then settled. A second end is a no-op.
    * `settle`, `void` and `lose` are applied at once to what later reserves see, and are durable within 10 ms. A crash
      in between leaves the hold unknown, never free.
    * When the store cannot be written, `reserve` raises `LedgerUnavailable` and nothing is held: fail closed.
    """

    async def reserve(self, ask: Reserve) -> Reserved | Short | Declined:
        """Clamp, fit, wait, refuse. With `ask.wait_ms == 0` nothing is clamped and nobody waits: `Reserved` or `Short`.

        Cancelling the task that waits here withdraws the request; if the hold was already made it is voided.
        """
        ...

    def settle(self, settlement: Settlement) -> None: ...

    def void(self, void: Void) -> None: ...

    def lose(self, loss: Loss) -> None: ...

    async def adjust(self, settlement: Settlement, by: str, reason: str) -> bool:
        """Correct an attempt that has ended, or settle one whose outcome is unknown, by an adjusting, audited entry.

        Durable on return. False where there is no such attempt or it is still in flight. Raises LedgerUnavailable.
        """
        ...

    def refuse(self, opening: CallOpening, closing: CallClosing) -> None:
        """Keep the record of a call that was refused before any reserve. Changes no account."""
        ...

    def close_call(self, closing: CallClosing) -> None:
        """Complete a call's row whose last attempt is already settled."""
        ...

    def adopt(self, budgets: Sequence[Budget], grants: Sequence[Grant] = ()) -> None:
        """Take these limits from now on; linearised with reserves. A raise wakes whoever waits, a cut breaks no hold.

        They are those that no store keeps: a configuration's. The budgets of the ledger's own store whose names are not
        among them, and all grants in it, bind beside them, whichever process stored them: once a change is committed
        there, no reserve that is asked for later is decided by what stood there before.
        """
        ...

    def standing(self, key: AccountKey) -> Standing | None:
        """An account as last seen by this process; None if it never touched it. For display: never decides."""
        ...

    def left(self, key: AccountKey) -> int | None:
        """What `standing` says is left; None where nothing limits the account or this process never touched it."""
        ...

    async def look(self, keys: Sequence[AccountKey]) -> tuple[Standing, ...]:
        """These accounts as the authority has them, in the order asked for, after all that this process has said so far
        and all that others have committed. Raises LedgerUnavailable."""
        ...

    def free_landing(self, window: str) -> None:
        """Keep nothing any more for the last answer of the run with this window (`run:abc`): it is idle, or has ended. Its
        next call keeps it anew."""
        ...

    async def flush(self) -> None:
        """Return when everything queued before is durable. Raises LedgerUnavailable if it cannot be."""
        ...
