"""Tickets: who asked the ledger for something and how the answer gets back, to an event loop or to a waiting thread."""

import asyncio
import threading
from collections.abc import Iterable
from typing import NamedTuple

from farthing.domain.budget import AccountKey, Standing
from farthing.domain.errors import FarthingError
from farthing.domain.hold import Declined, Reserve, Reserved, Settlement, Short


class Correction(NamedTuple):
    """An adjusting entry: the settlement replaces what an ended attempt was charged."""

    settlement: Settlement
    by: str
    reason: str


class Flush(NamedTuple):
    """Asks for nothing but to be told when everything before it is durable."""


class Look(NamedTuple):
    """Asks how accounts stand, after everything before it."""

    accounts: tuple[AccountKey, ...]


Ask = Reserve | Correction | Flush | Look
Result = Reserved | Short | Declined | bool | tuple[Standing, ...]
"""A reserve's answer; for a correction whether there was something to correct; True for a flush; the standings for a look."""
Outcome = Result | FarthingError
"""An error is raised where the ticket is waited for."""


class Ticket:
    """Asked by a task. Made on the event loop that waits for it."""

    __slots__ = ("ask", "future", "loop", "withdrawn")

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Result] = self.loop.create_future()
        self.withdrawn = False
        """Set when the task stopped waiting: nothing may be held for it any more."""


class ThreadTicket:
    """Asked by a thread that blocks until it is answered."""

    __slots__ = ("_answered", "ask", "outcome", "withdrawn")

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.outcome: Outcome | None = None
        self.withdrawn = False
        self._answered = threading.Event()

    def answer(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self._answered.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether there is an answer."""
        return self._answered.wait(seconds)

    def result(self) -> Result:
        """The answer, or its error raised."""
        assert self.outcome is not None
        if isinstance(self.outcome, FarthingError):
            raise self.outcome
        return self.outcome


AnyTicket = Ticket | ThreadTicket


def hand_out(answers: Iterable[tuple[AnyTicket, Outcome]]) -> list[AnyTicket]:
    """Deliver from any thread, waking each event loop once. Returns the tickets whose loop is gone."""
    lost: list[AnyTicket] = []
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Ticket, Outcome]]] = {}
    for ticket, outcome in answers:
        if isinstance(ticket, Ticket):
            loops.setdefault(ticket.loop, []).append((ticket, outcome))
        else:
            ticket.answer(outcome)
    for loop, theirs in loops.items():
        try:
            loop.call_soon_threadsafe(_tell, theirs)
        except RuntimeError:  # the loop was closed while it waited
            lost.extend(ticket for ticket, _ in theirs)
    return lost


def _tell(answers: list[tuple[Ticket, Outcome]]) -> None:
    for ticket, outcome in answers:
        future = ticket.future
        if future.done():  # cancelled: whoever waited has withdrawn the ticket
            continue
        if isinstance(outcome, FarthingError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
