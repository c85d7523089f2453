"""What the writer is asked to do: tickets that want an answer, and notices that do not."""

from typing import NamedTuple

from farthing.domain.budget import Budget, Grant
from farthing.domain.hold import Loss, Settlement, Void
from farthing.domain.record import CallClosing, CallOpening
from farthing.stores.ticket import AnyTicket


class Refusal(NamedTuple):
    """A call that was refused before any reserve."""

    opening: CallOpening
    closing: CallClosing


class Adoption(NamedTuple):
    """New limits, beside the stored ones."""

    budgets: tuple[Budget, ...]
    grants: tuple[Grant, ...]


class Freed(NamedTuple):
    """Nothing is kept any more for the last answer of the run with this window."""

    window: str


class Withdrawal(NamedTuple):
    """Whoever asked has left."""

    ticket: AnyTicket


Notice = Settlement | Void | Loss | CallClosing | Refusal | Adoption | Freed | Withdrawal
"""What changes the book without an answer."""
Request = AnyTicket | Notice
