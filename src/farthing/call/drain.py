"""An answer whose client has left, read on for the sake of its usage: bounded in number and in time."""

from farthing.call.desk import Desk, Timer
from farthing.ports.client import Client
from farthing.ports.upstream import Answer


class Drain:
    """Begins by itself when the client leaves. `end` it when the answer is over."""

    __slots__ = ("_answer", "_desk", "_over", "_timer", "gave_up")

    def __init__(self, desk: Desk, client: Client, answer: Answer) -> None:
        self._desk = desk
        self._answer = answer
        self._over = False
        self._timer: Timer | None = None
        self.gave_up = ""
        """Why the answer is not read to its end; "" while it is."""
        client.when_gone(self._begin)

    def end(self) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._desk.draining -= 1

    def _begin(self) -> None:
        if self._over:  # it left with its last piece: there is nothing to drain
            return
        limits = self._desk.limits
        if self._desk.draining >= limits.drains:
            self._give_up("the client left, and too many answers are being drained")
            return
        self._desk.draining += 1
        self._timer = self._desk.later(limits.drain_seconds, self._too_late)

    def _too_late(self) -> None:
        self._give_up("the client left, and the answer took too long to drain")

    def _give_up(self, why: str) -> None:
        self.gave_up = why
        self._answer.abort()
