"""What could not be written yet: kept in order, tried again before anything else, and never more than so much of it."""

from collections.abc import Iterable

from farthing.domain.record import CallClosing
from farthing.stores.sqlite.writing.requests import Notice, Refusal

MOST_RECORDS = 50_000
"""Records of refused and ended calls kept while the file cannot be written; older ones are given up. What moves money is
never given up: there is at most one such notice for each hold, and none is made meanwhile."""


class Backlog:
    """Notices in the order in which they came."""

    def __init__(self) -> None:
        self._notices: list[Notice] = []
        self.given_up = 0

    def __len__(self) -> int:
        return len(self._notices)

    def keep(self, notices: Iterable[Notice]) -> None:
        self._notices.extend(notices)
        records = sum(isinstance(notice, Refusal | CallClosing) for notice in self._notices)
        if records > MOST_RECORDS:
            self._give_up(records - MOST_RECORDS)

    def take(self) -> list[Notice]:
        """All of them; they are the caller's from now on."""
        notices, self._notices = self._notices, []
        return notices

    def _give_up(self, number: int) -> None:
        self.given_up += number
        kept: list[Notice] = []
        for notice in self._notices:
            if number and isinstance(notice, Refusal | CallClosing):
                number -= 1
            else:
                kept.append(notice)
        self._notices = kept
